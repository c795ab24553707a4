"""First bytes -> type, dimensions, and the route that a picture takes. Pure.

Only what is surely no image is skipped. Whatever a browser might still show and the service does not take is
for a rendition; what nothing here knows is not clean either.
"""

import re
import struct
from dataclasses import dataclass
from enum import Enum

from guard.model import Look

_HTML = re.compile(rb"(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.DOTALL)
_SVG_ROOT = re.compile(rb"<(\w[\w.-]*:)?svg[\s>/]")
_ROOT = re.compile(rb"<\w")  # neither prologue nor comment

HEAD_BYTES = 64 * 1024  # of the ranged GET: holds the dimensions of most pictures, thumbnails and profiles before them
LARGEST = 4 * 1024 * 1024  # bytes. "4 MB": the wider reading, since the service itself refuses what it finds too large
SMALLEST = 160  # pixels, on each side

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
}

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


class Way(Enum):
    """What is done with an upload after the look."""

    BY_URL = "by URL"
    RENDITION = "rendition"  # a picture that the service does not take as it is
    NOT_AN_IMAGE = "not an image"


@dataclass(frozen=True, slots=True)
class Route:
    """The way, and for all but BY_URL the reason for it."""

    way: Way
    reason: str = ""
    media_type: str = ""  # of what the service takes


def route(look: Look) -> Route:
    """The route of the object that was looked at."""
    if look.size == 0:
        return Route(Way.NOT_AN_IMAGE, "empty")
    if look.content_encoding not in ("", "identity", "aws-chunked"):
        # A browser undoes the encoding and shows a picture where these bytes show none.
        return Route(Way.RENDITION, "content-encoding")
    kind = type_of(look.head)
    if kind is None:
        return _unknown(look)
    if kind not in MEDIA_TYPES:
        return Route(Way.RENDITION, f"format-{kind}")
    if look.size > LARGEST:
        return Route(Way.RENDITION, "too-large")
    size = dimensions(kind, look.head)
    if size and min(size) < SMALLEST:
        return Route(Way.RENDITION, "too-small")
    return Route(Way.BY_URL, media_type=MEDIA_TYPES[kind])


def type_of(head: bytes) -> str | None:
    """The image type that the first bytes show, or None."""
    if head[4:8] == b"ftyp":
        return _heif(head)
    known = next((kind for at, magic, kind in _IMAGES if head.startswith(magic, at)), None)
    return known or ("svg" if _is_svg(head) else None)


def dimensions(kind: str, head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None where they lie behind the head or make no sense: the service will tell."""
    try:
        return {"jpeg": _jpeg, "png": _png, "gif": _gif, "bmp": _bmp, "tiff": _tiff}[kind](head)
    except (struct.error, IndexError):
        return None


def _unknown(look: Look) -> Route:
    head = look.head
    video = head[4:8] == b"ftyp" and head[8:12] in _VIDEO_BRANDS
    if video or any(head.startswith(magic, at) for at, magic in _OTHERS) or _is_text(look):
        return Route(Way.NOT_AN_IMAGE, "not-an-image")
    return Route(Way.RENDITION, "unrecognised")


def _is_text(look: Look) -> bool:
    """Text that no picture format (XBM, XPM, PNM, base64 in a data URL is text too) starts like."""
    head = look.head
    if (head[:1] == b"P" and head[1:2] in b"1234567") or head.startswith((b"#define", b"/* XPM")):
        return False
    # A head cut in the middle of a character is text all the same.
    cut = len(head) - 3 if look.size > len(head) else len(head)
    for end in range(len(head), cut - 1, -1):
        try:
            text = head[:end].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return all(c.isprintable() or c.isspace() for c in text)
    return False


def _is_svg(head: bytes) -> bool:
    """Whether the root of a markup text may be SVG's, with a prefix or behind any prologue."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<") or _HTML.match(text):
        return False
    return bool(_SVG_ROOT.search(text)) or not _ROOT.search(text)


def _heif(head: bytes) -> str | None:
    end = min(max(int.from_bytes(head[:4], "big"), 12), len(head))
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, end, 4))]
    return next((_HEIF_BRANDS[brand] for brand in brands if brand in _HEIF_BRANDS), None)


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """Walks the segments up to the frame header (SOF0 to SOF15, without DHT, JPG and DAC)."""
    at = 2
    while True:
        while head[at] != 0xFF or head[at + 1] in (0xFF, 0x00):
            at += 1
        marker, at = head[at + 1], at + 2
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 3)
            return (width, height) if width and height else None
        if marker == 0xDA:
            return None
        if not (0xD0 <= marker <= 0xD8 or marker == 0x01):
            at += struct.unpack_from(">H", head, at)[0]


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _bmp(head: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", head, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", head, 18)
    else:
        width, height = struct.unpack_from("<ii", head, 18)
    return abs(width), abs(height)  # a negative height means from top to bottom


def _tiff(head: bytes) -> tuple[int, int] | None:
    """The first image file directory, where it lies within the head."""
    order = "<" if head[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", head, 4)[0]
    found: dict[int, int] = {}
    for i in range(struct.unpack_from(order + "H", head, at)[0]):
        tag, form = struct.unpack_from(order + "HH", head, at + 2 + 12 * i)
        if tag in (256, 257):
            found[tag] = struct.unpack_from(order + ("H" if form == 3 else "I"), head, at + 10 + 12 * i)[0]
    return (found[256], found[257]) if len(found) == 2 else None
