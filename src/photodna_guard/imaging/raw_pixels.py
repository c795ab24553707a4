"""Whether the head of a JPEG, PNG, GIF or BMP proves that viewers show exactly its raw pixels, in one frame. Pure."""

import struct
from collections.abc import Callable, Mapping

from photodna_guard.imaging.raw_jpeg import find_jpeg_obstacle
from photodna_guard.imaging.raw_png import find_png_obstacle

# Compression by none, colours of sRGB or of the system.
_NO_COMPRESSION = 0
_USUAL_COLOUR_SPACES = (b"BGRs", b" niW")
_BMP_HEADER_BYTES, _BMP_V4_BYTES, _BMP_V5_BYTES = 40, 108, 124


def find_obstacle(file_type: str, head: bytes, is_whole: bool) -> str:
    """Return why viewers may show something else than the raw pixels; empty if they show these.

    `is_whole`: the object ends with the head. What the head leaves open is an obstacle too.
    """
    find = _FINDERS.get(file_type)
    try:
        return find(head, is_whole) if find else f"format-{file_type}"
    except (struct.error, IndexError):
        return "beyond-head"


def _find_gif_obstacle(head: bytes, is_whole: bool) -> str:
    """Walk the blocks: one frame that covers the canvas, without transparency."""
    if not is_whole:
        return "frames"
    canvas = struct.unpack_from("<HH", head, 6)
    at = 13 + _colour_table_bytes(head[10])
    frames = 0
    while head[at] != 0x3B:
        if head[at] == 0x21:
            # A graphic control extension's first flag is transparency.
            if head[at + 1] == 0xF9 and head[at + 3] & 1:
                return "transparency"
            at = _skip_sub_blocks(head, at + 2)
        elif head[at] == 0x2C:
            frames += 1
            if frames > 1 or struct.unpack_from("<4H", head, at + 1) != (0, 0, *canvas):
                return "frames"
            at = _skip_sub_blocks(head, at + 11 + _colour_table_bytes(head[at + 9]))
        else:
            return "unusual-gif"
    return "" if frames == 1 else "frames"


def _colour_table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_sub_blocks(head: bytes, at: int) -> int:
    while head[at]:
        at += 1 + head[at]
    return at + 1


def _find_bmp_obstacle(head: bytes, _is_whole: bool) -> str:
    """Accept what Windows writes: uncompressed, 1 to 8 bits with a palette, or 24 bits, stored from bottom to top."""
    offset, size, width, height, planes, depth, compression = struct.unpack_from("<IIiiHHI", head, 10)
    if size not in (_BMP_HEADER_BYTES, _BMP_V4_BYTES, _BMP_V5_BYTES) or planes != 1 or depth not in (1, 4, 8, 24):
        return "unusual-bmp"
    (colours,) = struct.unpack_from("<I", head, 46)
    palette = 4 * (colours or 1 << depth) if depth <= 8 else 0
    is_usual = compression == _NO_COMPRESSION and width > 0 and height > 0 and colours <= 256
    if not is_usual or offset != 14 + size + palette or not head.startswith(b"BM"):
        return "unusual-bmp"
    if size > _BMP_HEADER_BYTES and head[70:74] not in _USUAL_COLOUR_SPACES:
        return "colour-profile"
    return ""


_FINDERS: Mapping[str, Callable[[bytes, bool], str]] = {
    "jpeg": lambda head, _: find_jpeg_obstacle(head),
    "png": lambda head, _: find_png_obstacle(head),
    "gif": _find_gif_obstacle,
    "bmp": _find_bmp_obstacle,
}
