"""The gAMA chunk of a PNG, which browsers apply and decoders do not. Pure."""

import struct
from pathlib import Path

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks before the pixels that are looked at.
_MAX_CHUNKS = 1000


def read_png_gamma(file: Path) -> float | None:
    """Return the gamma of a PNG, such as 0.45455; None where it has none, or a profile instead, or is no PNG."""
    gamma = None
    with file.open("rb") as source:
        if source.read(len(_SIGNATURE)) != _SIGNATURE:
            return None
        for _ in range(_MAX_CHUNKS):
            header = source.read(8)
            if len(header) < 8:
                return gamma
            length, name = struct.unpack(">I4s", header)
            if name in (b"iCCP", b"sRGB"):
                return None
            if name in (b"IDAT", b"IEND"):
                return gamma
            if name == b"gAMA" and length == 4:
                gamma = int.from_bytes(source.read(4), "big") / 100_000
                length = 0
            source.seek(length + 4, 1)
    return gamma
