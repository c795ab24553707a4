"""Variants as TIFF: tiles, depths, byte orders and colour spaces."""

import struct
from functools import partial

from PIL import Image, ImageCms

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant

TIFF = "image/tiff"
_SHORT, _LONG = 3, 4
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_TILE_SIDE = 128
_STRIPS, _TILES = 273, 324
# The tag of the parts' lengths, for that of their offsets.
_COUNTS_TAGS = {_STRIPS: 279, _TILES: 325}
# The header, and the number of entries before them.
_BEFORE_ENTRIES = 8 + 2


def write_tiff(order: str, tags: dict[int, tuple[int, list[int]]], parts: list[bytes], offsets_tag: int) -> bytes:
    """Write one page of uncompressed parts. `order`: "<" or ">", as in struct; `tags`: each its type and values."""
    counts_tag = _COUNTS_TAGS[offsets_tag]
    tags = tags | {offsets_tag: (_LONG, [0] * len(parts)), counts_tag: (_LONG, [len(part) for part in parts])}
    behind = _BEFORE_ENTRIES + 12 * len(tags) + 4
    first_part = behind + sum(_length(*tag) for tag in tags.values() if _length(*tag) > 4)
    ends = [first_part + sum(len(part) for part in parts[:i]) for i in range(len(parts))]
    tags[offsets_tag] = (_LONG, ends)
    entries, values = b"", b""
    for number, (kind, numbers) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(numbers)}{'H' if kind == _SHORT else 'I'}", *numbers)
        entries += struct.pack(f"{order}HHI", number, kind, len(numbers))
        entries += packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(f"{order}I", behind + len(values))
        values += packed if len(packed) > 4 else b""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return start + entries + bytes(4) + values + b"".join(parts)


def _length(kind: int, numbers: list[int]) -> int:
    return len(numbers) * (2 if kind == _SHORT else 4)


def _tags(image: Image.Image, bits: int, photometric: int, samples: int) -> dict[int, tuple[int, list[int]]]:
    return {
        256: (_LONG, [image.width]),
        257: (_LONG, [image.height]),
        258: (_SHORT, [bits] * samples),
        259: (_SHORT, [1]),
        262: (_SHORT, [photometric]),
        277: (_SHORT, [samples]),
        284: (_SHORT, [1]),
    }


def _tiled(subject: Subject, order: str) -> bytes:
    image = subject.image
    corners = ((x, y) for y in range(0, image.height, _TILE_SIDE) for x in range(0, image.width, _TILE_SIDE))
    tiles = [image.crop((x, y, x + _TILE_SIDE, y + _TILE_SIDE)).tobytes() for x, y in corners]
    tags = _tags(image, 8, _RGB, 3) | {322: (_LONG, [_TILE_SIDE]), 323: (_LONG, [_TILE_SIDE])}
    return write_tiff(order, tags, tiles, _TILES)


def _deep(subject: Subject) -> bytes:
    data = bytes(one for value in subject.image.tobytes() for one in (value, value))
    return write_tiff("<", _tags(subject.image, 16, _RGB, 3) | _one_strip(subject.image), [data], _STRIPS)


def _white_is_zero(subject: Subject) -> bytes:
    image = subject.image.convert("L")
    data = image.point([255 - value for value in range(256)]).tobytes()
    return write_tiff(">", _tags(image, 8, _WHITE_IS_ZERO, 1) | _one_strip(image), [data], _STRIPS)


def _planes(subject: Subject) -> bytes:
    """Store red, green and blue one after the other."""
    tags = _tags(subject.image, 8, _RGB, 3) | _one_strip(subject.image) | {284: (_SHORT, [2])}
    return write_tiff("<", tags, [band.tobytes() for band in subject.image.split()], _STRIPS)


def _one_strip(image: Image.Image) -> dict[int, tuple[int, list[int]]]:
    return {278: (_LONG, [image.height])}


def _lab(subject: Subject) -> bytes:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(subject.image, srgb, lab, outputMode="LAB")
    assert converted
    return encode(converted, "TIFF")


def _encode(subject: Subject, mode: str, **options: object) -> bytes:
    return encode(subject.image.convert(mode), "TIFF", **options)


VARIANTS = (
    Variant("tiff, tiles", TIFF, partial(_tiled, order="<")),
    Variant("tiff, tiles, big-endian", TIFF, partial(_tiled, order=">")),
    Variant("tiff, 16 bit", TIFF, _deep),
    Variant("tiff, planes", TIFF, _planes),
    Variant("tiff, white is zero", TIFF, _white_is_zero),
    Variant("tiff, floating point", TIFF, lambda subject: encode(subject.image.convert("L").convert("F"), "TIFF")),
    Variant("tiff, Lab", TIFF, _lab),
    Variant("tiff, fax", TIFF, partial(_encode, mode="1", compression="group4"), lossy=True),
    Variant("tiff, Zstandard", TIFF, partial(_encode, mode="RGB", compression="zstd")),
    Variant("tiff, CMYK as JPEG", TIFF, partial(_encode, mode="CMYK", compression="jpeg")),
)
