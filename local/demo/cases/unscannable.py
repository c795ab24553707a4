"""Pictures that nothing here can look at, and unknown data: none of them may count as clean."""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

from local.demo.picture import JPEG, PNG, UNSCANNABLE, Picture
from local.pictures import draw, encode

_SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240">
<rect width="320" height="240" fill="teal"/></svg>
"""
# Phones write ISO media files. The first box has its length, "ftyp", major brand, version and compatible brands.
_HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
_JPEG_XL = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "


def pictures() -> list[Picture]:
    """Return the pictures that nothing here can look at, and unknown data."""
    return [*_other_formats(), *_sizes(), *_damaged(), *_something_else(), *_unknown()]


def _unscannable(
    name: str, kind: str, content: bytes, content_type: str, *, reason: str = "", drawn: bool = False
) -> Picture:
    key = f"unscannable/{name}"
    return Picture(key, f"unscannable: {kind}", UNSCANNABLE, content, content_type, reason, drawn=drawn)


def _other_formats() -> Iterator[Picture]:
    yield _unscannable("drawing.svg", "SVG", _SVG, "image/svg+xml", reason="format-svg")
    forged = _unscannable("forged.svg", "SVG with a forged status tag", _SVG, "image/svg+xml", reason="format-svg")
    yield replace(forged, tags={"scan-status": "clean", "owner": "demo"})
    yield _unscannable("photo.jxl", "JPEG XL", _JPEG_XL + _random_bytes(30_000), "image/jxl", reason="format-jxl")


def _sizes() -> Iterator[Picture]:
    tiny = encode(draw(32, (40, 40)), "PNG")
    yield _unscannable("tiny.png", "40 x 40 pixels", tiny, PNG, reason="too-small", drawn=True)
    yield _unscannable("bomb.png", "PNG of 3.6 gigapixels", _make_bomb(), PNG, reason="too-many-pixels")


def _damaged() -> Iterator[Picture]:
    photo, flipped = encode(draw(34), "JPEG"), bytearray(encode(draw(35), "PNG"))
    flipped[len(flipped) // 2 : len(flipped) // 2 + 16] = bytes(16)
    yield _unscannable("cut-short.jpg", "JPEG cut short", photo[: len(photo) // 2], JPEG, reason="damaged")
    yield _unscannable("random-bytes.jpg", "random bytes after a JPEG header", photo[:4] + _random_bytes(20_000), JPEG)
    yield _unscannable("flipped.png", "PNG with changed bytes", bytes(flipped), PNG, reason="damaged")
    yield _unscannable("header-only.gif", "GIF of a header only", encode(draw(36), "GIF")[:13], "image/gif")
    yield _unscannable("IMG_0002.HEIC", "damaged HEIC", _HEIC + _random_bytes(30_000), "image/heic", reason="damaged")


def _something_else() -> Iterator[Picture]:
    """Name a picture a web page: a browser shows what the markup within makes of it."""
    page = encode(draw(37), "PNG")
    yield _unscannable("page.png", "PNG declared as a web page", page, "text/html", reason="content-type", drawn=True)


def _unknown() -> Iterator[Picture]:
    yield _unscannable("data.bin", "unknown binary data", _random_bytes(5_000), "application/octet-stream")


def _make_bomb() -> bytes:
    """Write a PNG that says of itself that it has 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1_000_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _random_bytes(length: int) -> bytes:
    # No known format begins with this byte.
    return b"\xfa" + random.Random(length).randbytes(length - 1)
