"""Pictures that the service does not accept, and unknown data: none of them may count as clean."""

import random
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
_AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf"


def pictures() -> list[Picture]:
    """Return the pictures that the service does not accept, and unknown data."""
    return [*_other_formats(), *_too_small(), *_too_large(), *_damaged(), *_unknown()]


def _unscannable(
    name: str, kind: str, content: bytes, content_type: str, *, reason: str = "", drawn: bool = False
) -> Picture:
    key = f"unscannable/{name}"
    return Picture(key, f"unscannable: {kind}", UNSCANNABLE, content, content_type, reason, drawn=drawn)


def _other_formats() -> Iterator[Picture]:
    webp = encode(draw(30), "WEBP")
    forged = _unscannable("forged.webp", "WebP with a forged status tag", webp, "image/webp", drawn=True)
    yield replace(forged, tags={"scan-status": "clean", "owner": "demo"})
    yield _unscannable("photo.webp", "WebP", webp, "image/webp", reason="format-webp", drawn=True)
    yield _unscannable("photo.avif", "AVIF", _AVIF + _random_bytes(30_000), "image/avif", reason="format-avif")
    yield _unscannable("IMG_0001.HEIC", "HEIC", _HEIC + _random_bytes(30_000), "image/heic", reason="format-heic")
    yield _unscannable("drawing.svg", "SVG", _SVG, "image/svg+xml", reason="format-svg")


def _too_small() -> Iterator[Picture]:
    narrow, dot = encode(draw(31, (159, 400)), "JPEG"), encode(draw(32, (1, 1)), "PNG")
    yield _unscannable("narrow.jpg", "159 x 400 pixels", narrow, JPEG, reason="too-small", drawn=True)
    yield _unscannable("dot.png", "1 x 1 pixel", dot, PNG, reason="too-small")


def _too_large() -> Iterator[Picture]:
    picture = draw(33, (1400, 1100))
    bitmap, photo = encode(picture, "BMP"), encode(picture, "JPEG", quality=90)
    # The bytes after the end marker count as well.
    padded = photo + bytes(4_600_000 - len(photo))
    yield _unscannable("scan.bmp", "BMP of 4.6 MB", bitmap, "image/bmp", reason="too-large", drawn=True)
    yield _unscannable("padded.jpg", "JPEG of 4.6 MB", padded, JPEG, reason="too-large", drawn=True)


def _damaged() -> Iterator[Picture]:
    photo, flipped = encode(draw(34), "JPEG"), bytearray(encode(draw(35), "PNG"))
    flipped[len(flipped) // 2 : len(flipped) // 2 + 16] = bytes(16)
    yield _unscannable("cut-short.jpg", "JPEG cut short", photo[: len(photo) // 2], JPEG, reason="3206")
    yield _unscannable("random-bytes.jpg", "random bytes after a JPEG header", photo[:4] + _random_bytes(20_000), JPEG)
    yield _unscannable("flipped.png", "PNG with changed bytes", bytes(flipped), PNG, reason="3206")
    yield _unscannable("header-only.gif", "GIF of a header only", encode(draw(36), "GIF")[:13], "image/gif")


def _unknown() -> Iterator[Picture]:
    yield _unscannable("data.bin", "unknown binary data", _random_bytes(5_000), "application/octet-stream")


def _random_bytes(length: int) -> bytes:
    # No known format begins with this byte.
    return b"\xfa" + random.Random(length).randbytes(length - 1)
