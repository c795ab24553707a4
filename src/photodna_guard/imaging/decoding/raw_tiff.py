"""Whether a TIFF is a camera's raw file, whose pages are previews of a picture that nothing here decodes. Pure."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# TIFF's tags: PhotometricInterpretation, SubIFDs (TIFF technical note 1), DNGVersion.
_PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 262, 330, 50706
# PhotometricInterpretation of a colour filter array, and of linear raw (DNG specification).
_RAW_PHOTOMETRICS = (32803, 34892)
_CR2_MARK = b"CR\2\0"
_MAX_DIRECTORIES, _MAX_ENTRIES = 64, 1024


def has_raw_parts(file: Path) -> bool:
    """Return whether a TIFF has directories of raw data, or directories below others, where raw files keep them."""
    with file.open("rb") as source:
        header = source.read(12)
        if header[8:12] == _CR2_MARK:
            return True
        order = "<" if header[:2] == b"II" else ">"
        try:
            return any(_is_raw(order, *entry) for entry in _iter_entries(source, order, header))
        except struct.error:
            return False


def _is_raw(order: str, tag: int, value: bytes) -> bool:
    if tag in (_SUB_IFDS, _DNG_VERSION):
        return True
    return tag == _PHOTOMETRIC and struct.unpack_from(order + "H", value)[0] in _RAW_PHOTOMETRICS


def _iter_entries(source: BinaryIO, order: str, header: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value field of every entry of the directories that follow one another."""
    at = struct.unpack_from(order + "I", header, 4)[0]
    for _ in range(_MAX_DIRECTORIES):
        if not at:
            return
        source.seek(at)
        count = struct.unpack(order + "H", source.read(2))[0]
        directory = source.read(12 * min(count, _MAX_ENTRIES) + 4)
        for i in range(min(count, _MAX_ENTRIES)):
            yield struct.unpack_from(order + "H", directory, 12 * i)[0], directory[12 * i + 8 : 12 * i + 12]
        at = struct.unpack_from(order + "I", directory, 12 * count)[0] if count <= _MAX_ENTRIES else 0
