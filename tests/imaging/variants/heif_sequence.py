"""Writes a HEIF image sequence: a track whose samples are pictures that were coded before."""

import struct

from tests.imaging.variants.boxes import box, full_box
from tests.imaging.variants.heif_file import Coded

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_TIMESCALE, _DURATION = 10, 1  # ticks a second, ticks a picture


def write_sequence(pictures: list[Coded]) -> bytes:
    """Write pictures of one size and configuration as a sequence without a still picture (brand `msf1`)."""
    kind = box(b"ftyp", b"hevc" + bytes(4) + b"msf1hevciso8")
    data = b"".join(picture.data for picture in pictures)
    start = len(kind) + len(_movie(pictures, 0)) + 8
    return kind + _movie(pictures, start) + box(b"mdat", data)


def _movie(pictures: list[Coded], start: int) -> bytes:
    length = _DURATION * len(pictures)
    header = struct.pack(">IIIIIH", 0, 0, _TIMESCALE, length, 0x10000, 0x100) + bytes(10) + _MATRIX + bytes(24)
    return box(b"moov", full_box(b"mvhd", header + struct.pack(">I", 2)) + box(b"trak", _track(pictures, start)))


def _track(pictures: list[Coded], start: int) -> bytes:
    width, height = pictures[0].size
    length = _DURATION * len(pictures)
    header = struct.pack(">IIIII", 0, 0, 1, 0, length) + bytes(16) + _MATRIX
    header += struct.pack(">II", width << 16, height << 16)
    media = full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, _TIMESCALE, length, 0x55C4, 0))
    media += full_box(b"hdlr", bytes(4) + b"pict" + bytes(13))
    reference = box(b"dinf", full_box(b"dref", struct.pack(">I", 1) + full_box(b"url ", b"", flags=1)))
    information = full_box(b"vmhd", bytes(8), flags=1) + reference + box(b"stbl", _samples(pictures, start))
    return full_box(b"tkhd", header, flags=3) + box(b"mdia", media + box(b"minf", information))


def _samples(pictures: list[Coded], start: int) -> bytes:
    width, height = pictures[0].size
    entry = (
        bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">HHIIIH", width, height, 0x480000, 0x480000, 0, 1)
    )
    entry += (
        bytes(32) + struct.pack(">Hh", 24, -1) + pictures[0].config + full_box(b"ccst", struct.pack(">I", 0x70000000))
    )
    count = len(pictures)
    sizes = struct.pack(f">II{count}I", 0, count, *(len(picture.data) for picture in pictures))
    return b"".join(
        (
            full_box(b"stsd", struct.pack(">I", 1) + box(b"hvc1", entry)),
            full_box(b"stts", struct.pack(">III", 1, count, _DURATION)),
            full_box(b"stsc", struct.pack(">IIII", 1, 1, count, 1)),
            full_box(b"stsz", sizes),
            full_box(b"stco", struct.pack(">II", 1, start)),
        )
    )
