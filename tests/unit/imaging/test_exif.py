"""imaging/exif.py: only a block that was read through, without an orientation, is upright."""

import struct

import pytest

from photodna_guard.imaging.exif import is_upright

WIDTH, UPRIGHT, TURNED = (256, 4, 1, 300), (0x0112, 3, 1, 1), (0x0112, 3, 1, 6)


def block(*entries: tuple[int, int, int, int], count: int | None = None) -> bytes:
    """Return a little-endian TIFF block with these entries of tag, kind, count and value."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries) if count is None else count) + packed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (block(), True),
        (block(WIDTH), True),
        (block(WIDTH, UPRIGHT), True),
        (block(WIDTH, TURNED), False),
        (block(TURNED, UPRIGHT), False),
        (block((0x0112, 4, 1, 1)), False),
        (block(WIDTH, count=2), False),
        (block(*[WIDTH] * 501), False),
        (b"II*\0" + struct.pack("<I", 4_000_000_000), False),
        (b"Exif", False),
        (b"", False),
    ],
)
def test_block_is_upright_without_an_orientation_only(content: bytes, expected: bool) -> None:
    assert is_upright(content) is expected
