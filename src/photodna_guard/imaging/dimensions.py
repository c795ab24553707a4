"""First bytes of a picture -> its width and height. Pure."""

import struct


def read_dimensions(kind: str, head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None where they lie behind the head or make no sense: the service will tell."""
    try:
        return {"jpeg": _jpeg, "png": _png, "gif": _gif, "bmp": _bmp, "tiff": _tiff}[kind](head)
    except (struct.error, IndexError):
        return None


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
