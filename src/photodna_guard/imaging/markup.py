"""Whether a text has markup or encoded pictures in it that a viewer could show. Pure.

Every pattern begins with a literal and has bounded or possessive quantifiers: no text takes long to search.
"""

import binascii
import re

from photodna_guard.imaging.file_types import detect_type

# How many bytes of a text a match may span: what is searched in pieces overlaps by this much.
OVERLAP_BYTES = 1024

# Elements that show a picture by an attribute, those that do so without one, and what begins a document. A name in
# angle brackets without an attribute is also how many languages write a type: `List<Image>`.
_TAGS = re.compile(
    rb"<(?:[\w.-]{1,30}:)?"
    rb"(?:(?:img|image|object|embed|iframe|frame|frameset|picture|video|source|link|body|html|head|meta|base|applet|portal"
    rb"|input|canvas|use|feimage|imagedata|binary|pic|blip)[\s/]"
    rb"|(?:svg|script|foreignobject)[\s/>])"
    rb"|<\?xml|<!doctype|<!entity|<!\[cdata\[",
    re.IGNORECASE,
)
_STYLE = re.compile(rb"<(?:[\w.-]{1,30}:)?style[\s/>]|<[a-z][\w:-]{0,30}[\s/][^<>]{0,900}?style\s*+=", re.IGNORECASE)
_STYLE_PICTURES = (b"url(", b"@import", b"image-set")
_ATTRIBUTE = re.compile(
    rb"<[a-z][\w:-]{0,30}[\s/][^<>]{0,900}?(?:background|onerror|onload|srcset)\s*+=", re.IGNORECASE
)
_DATA_URL = re.compile(
    rb"data:\s*+(?:image/|text/html|text/xml|application/(?:xhtml|xml|pdf|svg)|[^\s,\"'<>]{0,200}?;base64,\s*+PH)"
    rb"|url\(\s*+[\"']?\s*+data:",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])%!PS")
# A file that mail programs decode: uuencode's, yEnc's.
_MAIL_FILE = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])(?:begin(?:-base64)? [0-7]{3,4} \S|=ybegin )")
# Device control, application and privacy strings, and iTerm's own: terminals show pictures sent in them.
_TERMINAL_PICTURES = re.compile(rb"\x1b[P_X^]|\x1b\]\s*+(?:1337|50);")
# What may be a tag to a viewer that was told that the text is HTML or XML.
_ANY_TAG = re.compile(rb"<[a-z!?/]", re.IGNORECASE)
# Escape sequences that switch the character set in ISO-2022: they may stand within a tag.
_ISO_2022 = re.compile(rb"\x1b(?:[()*+\-./][0-~]|\$[()*+\-./]?[0-~]|&@|%[/0-~]?[0-~])")

# What is no character of base64, in either alphabet, becomes a blank: then a text's words are runs of base64.
_BASE64_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_TO_WORDS = bytes(byte if byte in _BASE64_CHARACTERS else 32 for byte in range(256))
# Base64 in lines or long words, and shorter where its first characters are those of a picture.
_LONG_WORD, _SHORT_WORD, _WORD_HEAD = 40, 12, 96
_PICTURE_WORDS = (
    b"/9j/", b"_9j_", b"iVBORw", b"R0lGOD", b"UklGR", b"SUkqA", b"TU0AK", b"AAAA", b"PHN2", b"PD94", b"PCFE", b"H4sI",
    b"/wo", b"_wo",
)  # fmt: skip
_TAG_AT_BEGINNING = re.compile(rb"\s*+<[A-Za-z!?/]")
# With one of these begins whatever is looked for in base64: most lines of it are passed over.
_FIRST_BYTES = frozenset(
    bytes([byte]) for byte in b"\xff\x89\x8a\x8b\x80\xb1\xb6\xd7\0\1\2\x08\x0a\x1c\x1f /!#%<8ABDFGILMPRSVYfgilpqv"
)
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")
# Formats without a magic number that random bytes have by chance.
_WEAK_TYPES = ("tga", "pcx", "iptc", "fli", "sgi", "xbm", "dicom", "jxl")


def has_markup(text: bytes, told_markup: bool) -> bool:
    """Return whether the text shows pictures in some viewer. `told_markup`: its Content-Type is one of markup."""
    if b"<" in text and (_TAGS.search(text) or _ATTRIBUTE.search(text) or (told_markup and _ANY_TAG.search(text))):
        return True
    if b"\x1b" in text and _TERMINAL_PICTURES.search(text):
        return True
    if b"data:" in text.lower() and _DATA_URL.search(text):
        return True
    if b"begin" in text and _MAIL_FILE.search(text):
        return True
    return b"%!PS" in text and _POSTSCRIPT.search(text) is not None


def has_style(text: bytes) -> tuple[bool, bool]:
    """Return whether an element or an attribute of style is there, and whether a style with a picture is."""
    lower = text.lower()
    return _STYLE.search(text) is not None, any(word in lower for word in _STYLE_PICTURES)


def has_encoded_picture(text: bytes) -> bool:
    """Return whether base64 in the text begins like a picture, a compressed file or a page."""
    # JSON may escape the slash.
    words = (text.replace(b"\\/", b"/") if b"\\/" in text else text).translate(_TO_WORDS).split()
    return any(
        is_picture_in_base64(word[:_WORD_HEAD])
        for word in words
        if len(word) >= _SHORT_WORD and (len(word) >= _LONG_WORD or word.startswith(_PICTURE_WORDS))
    )


def is_picture_in_base64(encoded: bytes) -> bool:
    """Return whether these first characters of base64, in either alphabet, decode to what a viewer may show."""
    encoded = encoded.translate(_FROM_URL_SAFE)
    decoded = binascii.a2b_base64(encoded[: len(encoded) - len(encoded) % 4])
    if decoded[:1] not in _FIRST_BYTES:
        return False
    is_markup = _TAG_AT_BEGINNING.match(decoded) is not None and decoded[:24].isascii()
    return is_markup or detect_strong_type(decoded) is not None or decoded.startswith((b"\x1f\x8b\x08", b"%PDF-"))


def detect_strong_type(head: bytes) -> str | None:
    """Return the picture type if it has a magic number of its own that other bytes hardly have by chance."""
    file_type = detect_type(head)
    return None if file_type in _WEAK_TYPES else file_type


def without_escapes(text: bytes) -> bytes:
    """Return the text without ISO-2022's escape sequences."""
    return _ISO_2022.sub(b"", text) if b"\x1b" in text else text
