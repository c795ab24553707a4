"""First bytes -> document, video, audio or archive, where they are no picture. Pure.

None of these is readable without a verdict unless a platform allows it. So a mistake among them costs a wrong word.
"""

from photodna_guard.imaging.text_decoding import detect_encoding
from photodna_guard.imaging.text_formats import has_other_root, to_ascii

DOCUMENT, VIDEO, AUDIO, ARCHIVE = "document", "video", "audio", "archive"

_MAGIC = (
    (b"\xc5\xd0\xd3\xc6", DOCUMENT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOCUMENT),
    (b"{\\rtf", DOCUMENT),
    (b"ITSF", DOCUMENT),
    # An XML declaration in EBCDIC.
    (b"\x4c\x6f\xa7\x94", DOCUMENT),
    (b"\x1a\x45\xdf\xa3", VIDEO),
    (b"FLV\1", VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", VIDEO),
    (b"\0\0\1\xba", VIDEO),
    (b"\0\0\1\xb3", VIDEO),
    (b".RMF\0", VIDEO),
    (b"ID3\2", AUDIO),
    (b"ID3\3", AUDIO),
    (b"ID3\4", AUDIO),
    (b"fLaC", AUDIO),
    (b"#!AMR", AUDIO),
    (b"MThd\0\0\0\6", AUDIO),
    (b"caff\0\1", AUDIO),
    (b"PK\x05\x06", ARCHIVE),
    (b"PK\x07\x08", ARCHIVE),
    (b"\x1f\x8b\x08", ARCHIVE),
    (b"\x1f\x9d", ARCHIVE),
    (b"BZh91AY&SY", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\xfd7zXZ\0", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),
    (b"\x04\x22\x4d\x18", ARCHIVE),
    (b"MSCF\0\0\0\0", ARCHIVE),
    (b"!<arch>\n", ARCHIVE),
    (b"LZIP\1", ARCHIVE),
)
_RIFF = {b"AVI ": VIDEO, b"WAVE": AUDIO, b"RMID": AUDIO, b"CDXA": VIDEO}
_AIFF = {b"AIFF": AUDIO, b"AIFC": AUDIO}
_VIDEO_BRANDS = (
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"mp71",
    b"avc1", b"qt  ", b"M4V ", b"M4VH", b"M4VP", b"dash", b"msdh", b"f4v ", b"F4V ", b"MSNV", b"NDSC", b"XAVC",
)  # fmt: skip
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"F4A ")
# The first boxes of a QuickTime film without a file type box.
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# Names of the first entry in office documents and books.
_DOCUMENT_ENTRIES = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"word/", b"xl/", b"ppt/", b"docProps/")
# From where a PDF's header is still found by most viewers.
_PDF_BYTES = 1024
# HTML's and XML's beginnings, as browsers sniff them. Each but the comment ends at white space or ">".
_HTML_TAGS = (
    b"!doctype html", b"html", b"head", b"script", b"iframe", b"h1", b"div", b"font", b"table", b"a", b"style",
    b"title", b"b", b"body", b"br", b"p",
)  # fmt: skip
_MAIL_FIELDS = (b"mime-version:", b"return-path:", b"received:", b"delivered-to:", b"content-type: multipart/")


def detect_other(head: bytes) -> str | None:
    """Return "document", "video", "audio" or "archive"; None if the first bytes, no picture's, are none of them."""
    if b"%PDF-" in head[:_PDF_BYTES]:
        return DOCUMENT
    by_magic = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    return by_magic or _detect_container(head) or _detect_markup(head) or _detect_stream(head)


def _detect_container(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return DOCUMENT if head[30:64].startswith(_DOCUMENT_ENTRIES) else ARCHIVE
    if head.startswith((b"RIFF", b"RF64")):
        return _RIFF.get(head[8:12])
    if head.startswith(b"FORM"):
        return _AIFF.get(head[8:12])
    if head.startswith(b"OggS\0"):
        return VIDEO if b"theora" in head[:64] else AUDIO
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        is_video = brand in _VIDEO_BRANDS or brand.startswith((b"3gp", b"3g2"))
        return VIDEO if is_video else AUDIO if brand in _AUDIO_BRANDS else None
    is_box = head[4:8] in _QUICKTIME_BOXES and head[:2] == b"\0\0"
    return VIDEO if is_box else None


def _detect_markup(head: bytes) -> str | None:
    """Return DOCUMENT for what browsers and mail programs show as a page, by its first words."""
    text = to_ascii(head).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x0b\x0c\x04\0")[:64].lower()
    if text.startswith((b"<!doctype html", b"%!")) or has_other_root(head):
        return DOCUMENT
    is_html = any(
        text.startswith(b"<" + tag) and text[len(tag) + 1 : len(tag) + 2] in b" \t\r\n\f>" for tag in _HTML_TAGS
    )
    is_mail = text.startswith(_MAIL_FIELDS) and b"content-type:" in head.lower()
    return DOCUMENT if is_html or is_mail else None


def _detect_stream(head: bytes) -> str | None:
    """Return the kind of what has only a repeated sync byte, or a magic number far behind its beginning.

    By chance a text may have them too.
    """
    if detect_encoding(head[:_PDF_BYTES]) is not None:
        return None
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return VIDEO
    if len(head) > 388 and head[4] == head[196] == head[388] == 0x47:
        return VIDEO
    if head[257:262] == b"ustar":
        return ARCHIVE
    return AUDIO if _is_mpeg_audio(head) else None


def _is_mpeg_audio(head: bytes) -> bool:
    """Return whether an MPEG audio or AAC frame begins: sync bits, and no field with a reserved value."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    # AAC's layer is zero.
    if head[1] & 0xF6 == 0xF0:
        return head[2] >> 2 & 0xF < 13
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer != 0 and bit_rate not in (0, 15) and sample_rate != 3
