"""First bytes -> the type of an image, or the certainty that they are none. Pure."""

import re

# Offset, magic bytes, type. The service accepts the types down to "tiff".
_IMAGE_MAGIC = (
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
# Offset and magic bytes of files that are surely no images.
_OTHER_MAGIC = (
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

# What may precede the root of a markup document: white space, comments, processing instructions, a document type
# without declarations of its own; each only if it is complete. The quantifiers are possessive: without backtracking
# no head that an uploader crafts takes long to match.
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
    """Return the image type of the first bytes, such as "jpeg"; None if they are no known image."""
    if head[4:8] == b"ftyp":
        return _detect_heif(head)
    by_magic = next((file_type for at, magic, file_type in _IMAGE_MAGIC if head.startswith(magic, at)), None)
    return by_magic or ("svg" if _is_svg(head) else None)


def is_known_non_image(head: bytes, cut: bool) -> bool:
    """Return whether the first bytes are surely no image. `cut`: the object has more bytes than `head`."""
    is_video = head[4:8] == b"ftyp" and head[8:12] in _VIDEO_BRANDS
    return is_video or any(head.startswith(magic, at) for at, magic in _OTHER_MAGIC) or _is_text(head, cut)


def _is_text(head: bytes, cut: bool) -> bool:
    """Return whether the bytes are UTF-8 text, and do not start like an image format that is text (PNM, XBM, XPM)."""
    if (head[:1] == b"P" and head[1:2] in b"1234567") or head.startswith((b"#define", b"/* XPM")):
        return False
    # A head that is cut may end with up to three bytes of an incomplete character.
    least = len(head) - 3 if cut else len(head)
    for end in range(len(head), least - 1, -1):
        try:
            text = head[:end].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return all(c.isprintable() or c.isspace() for c in text)
    return False


def _is_svg(head: bytes) -> bool:
    """Return whether the root of a markup text is SVG's, whatever its document type, or lies beyond the head."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    prologue = _PROLOGUE.match(text)
    root = _ROOT.match(text, prologue.end() if prologue else 0)
    return text.startswith(b"<") and (root is None or root[1] == b"svg")


def _detect_heif(head: bytes) -> str | None:
    """Return the type by the first known brand of the `ftyp` box: the major brand, then the compatible ones."""
    end = min(max(int.from_bytes(head[:4], "big"), 12), len(head))
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, end, 4))]
    return next((_HEIF_BRANDS[brand] for brand in brands if brand in _HEIF_BRANDS), None)
