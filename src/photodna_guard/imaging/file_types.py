"""First bytes -> the type of image, or that it surely is none. Pure."""

import re

_IMAGES = (  # offset, magic, type; the first five are what the service takes
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"BM", "bmp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (8, b"WEBP", "webp"),
    (0, b"\xff\x0a", "jxl"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (0, b"\xff\x4f\xff\x51", "jp2"),
    (0, b"8BPS", "psd"),
    (0, b"\0\0\x01\0", "ico"),
    (0, b"\0\0\x02\0", "cur"),
    (0, b"II+\0", "bigtiff"),
    (0, b"MM\0+", "bigtiff"),
    (0, b"II\xbc", "jxr"),
    (0, b"\x76\x2f\x31\x01", "exr"),
    (0, b"qoif", "qoi"),
    (0, b"FUJIFILMCCD-RAW", "raw"),
    (0, b"IIRO", "raw"),
    (0, b"IIRS", "raw"),
    (0, b"IIU\0", "raw"),
)
_HEIF_BRANDS = {
    b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"hevx": "heic",
    b"mif1": "heif", b"msf1": "heif", b"avif": "avif", b"avis": "avif", b"crx ": "raw",
}  # fmt: skip
_VIDEO_BRANDS = (
    b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4A ", b"M4V ", b"dash",
    b"3gp4", b"3gp5", b"3gp6", b"3g2a",
)  # fmt: skip
_OTHERS = (  # surely no image
    (0, b"%PDF-"),
    (0, b"PK\x03\x04"),
    (0, b"PK\x05\x06"),
    (0, b"\x1f\x8b\x08"),
    (0, b"BZh"),
    (0, b"7z\xbc\xaf\x27\x1c"),
    (0, b"Rar!\x1a\x07"),
    (0, b"\xfd7zXZ\0"),
    (0, b"\x28\xb5\x2f\xfd"),
    (257, b"ustar"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"fLaC"),
    (8, b"WAVE"),
    (8, b"AVI "),
    (0, b"\x7fELF"),
    (0, b"SQLite format 3\0"),
)

# What may stand before the root of a markup document, as far as it is whole: white space, comments, processing
# instructions, a document type without declarations of its own. Possessive: a head made of these must not be tried in
# every way that it could be cut.
_PROLOGUE = re.compile(
    rb"""(?: \s
          | <!-- (?:(?!-->).)*+ -->
          | <\? (?:(?!\?>).)*+ \?>
          | <!doctype (?: [^\[>"'] | "[^"]*+" | '[^']*+' )*+ >
          )*+""",
    re.DOTALL | re.VERBOSE,
)
_ROOT = re.compile(rb"<(?:[^\s<>/:!?]+:)?([^\s<>/:!?]+)")


def detect_type(head: bytes) -> str | None:
    """The image type that the first bytes show, or None."""
    if head[4:8] == b"ftyp":
        return _heif(head)
    known = next((kind for at, magic, kind in _IMAGES if head.startswith(magic, at)), None)
    return known or ("svg" if _is_svg(head) else None)


def is_known_non_image(head: bytes, cut: bool) -> bool:
    """Whether the bytes are known to be something else. `cut`: there are more of them than these."""
    video = head[4:8] == b"ftyp" and head[8:12] in _VIDEO_BRANDS
    return video or any(head.startswith(magic, at) for at, magic in _OTHERS) or _is_text(head, cut)


def _is_text(head: bytes, cut: bool) -> bool:
    """Text that no picture format (XBM, XPM, PNM, base64 in a data URL is text too) starts like."""
    if (head[:1] == b"P" and head[1:2] in b"1234567") or head.startswith((b"#define", b"/* XPM")):
        return False
    # A head cut in the middle of a character is text all the same.
    least = len(head) - 3 if cut else len(head)
    for end in range(len(head), least - 1, -1):
        try:
            text = head[:end].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return all(c.isprintable() or c.isspace() for c in text)
    return False


def _is_svg(head: bytes) -> bool:
    """Whether the root of a markup text is SVG's, under whatever document type, or does not show."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    prologue = _PROLOGUE.match(text)
    root = _ROOT.match(text, prologue.end() if prologue else 0)
    return text.startswith(b"<") and (root is None or root[1] == b"svg")


def _heif(head: bytes) -> str | None:
    end = min(max(int.from_bytes(head[:4], "big"), 12), len(head))
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, end, 4))]
    return next((_HEIF_BRANDS[brand] for brand in brands if brand in _HEIF_BRANDS), None)
