"""imaging/dimensions.py: the size of a picture, read from its first bytes."""

import struct

import pytest

from photodna_guard.imaging.dimensions import read_dimensions
from photodna_guard.imaging.triage import HEAD_BYTES
from tests.support.pictures import SERVICE_FORMATS


# The directory of a packed TIFF is behind the head.
@pytest.mark.parametrize("name", sorted(SERVICE_FORMATS.keys() - {"tiff, packed"}))
def test_dimensions_are_those_of_the_picture(name: str) -> None:
    assert read_dimensions(name.split(",")[0], SERVICE_FORMATS[name][:HEAD_BYTES]) == (200, 170)


def test_old_and_upside_down_bmp_are_read() -> None:
    core = b"BM" + bytes(12) + struct.pack("<IHH", 12, 300, 200)
    upside = b"BM" + bytes(12) + struct.pack("<Iii", 40, 300, -200)
    assert read_dimensions("bmp", core) == read_dimensions("bmp", upside) == (300, 200)


def test_big_endian_tiff_is_read() -> None:
    entries = struct.pack(">HHIHH", 256, 3, 1, 300, 0) + struct.pack(">HHII", 257, 4, 1, 100)
    head = b"MM\0*" + struct.pack(">IH", 8, 2) + entries
    assert read_dimensions("tiff", head) == (300, 100)


_FRAME_HEADER = b"\xff\xc0" + struct.pack(">HBHH", 8, 8, 200, 300)


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (_FRAME_HEADER, (300, 200)),
        (b"\xff\xff" + _FRAME_HEADER, (300, 200)),
        (b"rubble\xff\0" + _FRAME_HEADER, (300, 200)),
        (b"\xff\xd0\xff\x01" + _FRAME_HEADER, (300, 200)),
        (b"\xff\xe1\0\x04\xff\xc0" + _FRAME_HEADER, (300, 200)),
        (b"\xff\xc0" + struct.pack(">HBHH", 8, 8, 0, 300), None),
        (b"\xff\xda\0\x02" + _FRAME_HEADER, None),
        (b"\xff\xe1\xff\xff" + _FRAME_HEADER, None),
        (b"", None),
    ],
)
def test_jpeg_dimensions_are_in_its_frame_header(segments: bytes, expected: tuple[int, int] | None) -> None:
    assert read_dimensions("jpeg", b"\xff\xd8" + segments) == expected
