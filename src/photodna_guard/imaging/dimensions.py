"""First bytes of a picture -> width and height. Pure."""

import struct
from collections.abc import Callable, Mapping

# TIFF's tags of the width and the height, and the field type of a 16-bit number.
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_SHORT = 256, 257, 3


def read_dimensions(file_type: str, head: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None if they lie beyond `head` or make no sense.

    In that case the service decides about the size. `file_type`: one of the types that the service accepts.
    """
    try:
        return _READERS[file_type](head)
    except (struct.error, IndexError):
        return None


def _read_jpeg(head: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the frame header (SOF0 to SOF15, without DHT, JPG and DAC)."""
    at = 2
    while True:
        while head[at] != 0xFF or head[at + 1] in (0xFF, 0x00):
            at += 1
        marker, at = head[at + 1], at + 2
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 3)
            return (width, height) if width and height else None
        # The scan's data begins: no frame header follows.
        if marker == 0xDA:
            return None
        # All other markers but these have a length.
        if not (0xD0 <= marker <= 0xD8 or marker == 0x01):
            at += struct.unpack_from(">H", head, at)[0]


def _read_png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _read_gif(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _read_bmp(head: bytes) -> tuple[int, int]:
    # A header of 12 bytes is the old one, with 16-bit numbers.
    if struct.unpack_from("<I", head, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", head, 18)
    else:
        width, height = struct.unpack_from("<ii", head, 18)
    # A negative height means that the rows are stored from top to bottom.
    return abs(width), abs(height)


def _read_tiff(head: bytes) -> tuple[int, int] | None:
    """Read the first image file directory, if it lies within `head`."""
    order = "<" if head[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", head, 4)[0]
    found: dict[int, int] = {}
    for i in range(struct.unpack_from(order + "H", head, at)[0]):
        tag, field_type = struct.unpack_from(order + "HH", head, at + 2 + 12 * i)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT):
            number = "H" if field_type == _TIFF_SHORT else "I"
            found[tag] = struct.unpack_from(order + number, head, at + 10 + 12 * i)[0]
    return (found[_TIFF_WIDTH], found[_TIFF_HEIGHT]) if len(found) == 2 else None


_READERS: Mapping[str, Callable[[bytes], tuple[int, int] | None]] = {
    "jpeg": _read_jpeg,
    "png": _read_png,
    "gif": _read_gif,
    "bmp": _read_bmp,
    "tiff": _read_tiff,
}
