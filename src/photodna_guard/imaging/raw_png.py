"""A PNG's chunks up to its first data -> why viewers may show something else than its raw pixels. Pure."""

import struct
from collections.abc import Callable, Mapping

from photodna_guard.imaging.colour_profile import inflate_profile, is_usual_profile
from photodna_guard.imaging.exif import is_upright

# Colour types without alpha: grey, true colour, palette.
_OPAQUE = (0, 2, 3)
# sRGB's gamma and chromaticities, in hundred-thousandths: white, red, green, blue.
_GAMMA, _GAMMA_TOLERANCE = 45_455, 1_000
_CHROMATICITIES, _CHROMATICITY_TOLERANCE = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000), 1_000
# BT.709 primaries, sRGB's transfer function, RGB, full range.
_SRGB_CODE_POINTS = b"\1\x0d\0\1"


def find_png_obstacle(head: bytes) -> str:
    """Return the reason; empty if there is none. Raises IndexError or struct.error where the head ends too early."""
    at = 8
    is_first = True
    while True:
        length, name = struct.unpack_from(">I4s", head, at)
        if is_first != (name == b"IHDR"):
            return "unusual-png"
        if name == b"IDAT":
            return ""
        # The checksum must lie within the head, so that the chunk does too.
        _ = head[at + 11 + length]
        find = _FINDERS.get(name)
        if find and (reason := find(head[at + 8 : at + 8 + length])):
            return reason
        at, is_first = at + 12 + length, False


def _find_header_obstacle(chunk: bytes) -> str:
    width, height, depth, colour_type = struct.unpack_from(">IIBB", chunk)
    if not width or not height:
        return "unusual-png"
    if colour_type not in _OPAQUE:
        return "transparency"
    return "" if depth <= 8 else "depth"


def _find_gamma_obstacle(chunk: bytes) -> str:
    (gamma,) = struct.unpack_from(">I", chunk)
    return "" if abs(gamma - _GAMMA) <= _GAMMA_TOLERANCE else "colour-profile"


def _find_chromaticity_obstacle(chunk: bytes) -> str:
    found = struct.unpack_from(">8I", chunk)
    is_near = all(abs(a - b) <= _CHROMATICITY_TOLERANCE for a, b in zip(found, _CHROMATICITIES, strict=True))
    return "" if is_near else "colour-profile"


def _find_profile_obstacle(chunk: bytes) -> str:
    # The profile's name and the number of the compression precede it.
    compressed = chunk[chunk.index(b"\0") + 2 :] if b"\0" in chunk[:80] else b""
    return "" if is_usual_profile(inflate_profile(compressed)) else "colour-profile"


def _find_text_obstacle(chunk: bytes) -> str:
    """ImageMagick writes EXIF blocks and profiles as text, and some viewers read them."""
    return "orientation" if chunk[:80].lower().startswith(b"raw profile type") else ""


_FINDERS: Mapping[bytes, Callable[[bytes], str]] = {
    b"IHDR": _find_header_obstacle,
    b"gAMA": _find_gamma_obstacle,
    b"cHRM": _find_chromaticity_obstacle,
    b"iCCP": _find_profile_obstacle,
    b"cICP": lambda chunk: "" if chunk == _SRGB_CODE_POINTS else "colour-profile",
    b"eXIf": lambda chunk: "" if is_upright(chunk) else "orientation",
    b"tRNS": lambda _: "transparency",
    b"acTL": lambda _: "frames",
    b"tEXt": _find_text_obstacle,
    b"zTXt": _find_text_obstacle,
    b"iTXt": _find_text_obstacle,
    b"CgBI": lambda _: "unusual-png",
}
