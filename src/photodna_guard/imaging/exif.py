"""An EXIF block -> whether its orientation leaves the picture as it is stored. Pure."""

import struct

_ORIENTATION, _SHORT = 0x0112, 3
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
# More entries than any camera writes.
_MAX_ENTRIES = 500


def is_upright(block: bytes) -> bool:
    """Return whether a TIFF block names no orientation, or "as stored".

    Viewers differ in what they forgive: a block that cannot be read through is not upright.
    """
    order = _ORDERS.get(block[:4])
    if order is None:
        return False
    try:
        (directory,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, directory)
        if count > _MAX_ENTRIES:
            return False
        return all(_is_entry_upright(block, directory + 2 + 12 * i, order) for i in range(count))
    except struct.error:
        return False


def _is_entry_upright(block: bytes, at: int, order: str) -> bool:
    tag, kind, count, value = struct.unpack_from(order + "HHIH", block, at)
    return tag != _ORIENTATION or (kind, count, value) == (_SHORT, 1, 1)
