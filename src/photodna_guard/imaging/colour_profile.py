"""An ICC profile -> whether a viewer that applies it shows nearly the raw values. Pure.

The rule: a matrix profile of a display, a scanner or a colour space, whose colorants are those of sRGB, Display P3 or
Adobe RGB, and whose curves are near sRGB's or a gamma of 2.2. They differ in how vivid a colour is, and hardly in its
lightness. Any other profile, one with tables above all, can make one picture look like another.
"""

import struct
import zlib

# Red, green and blue in XYZ, adapted to D50, of sRGB, Display P3 and Adobe RGB (1998).
_COLORANTS = (
    ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)),
    ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)),
    ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)),
)
_COLORANT_TOLERANCE = 0.02
# Inputs of the curves and what sRGB makes of them. A gamma of 2.2 lies within the tolerance, one of 1.8 does not.
_CURVE = ((0.25, 0.0509), (0.5, 0.2140), (0.75, 0.5225))
_CURVE_TOLERANCE = 0.025
_MAX_TAGS = 100
_MAX_PROFILE_BYTES = 1024 * 1024
# Tags with tables or with another transfer function, which take precedence over the matrix.
_OTHER_TRANSFORMS = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3", b"cicp")


def is_usual_profile(profile: bytes) -> bool:
    """Return whether the profile is one of the usual ones."""
    try:
        return _is_usual(profile)
    except (struct.error, IndexError, OverflowError, ZeroDivisionError, ValueError):
        return False


def inflate_profile(compressed: bytes) -> bytes:
    """Return a profile that PNG has compressed; nothing if it is damaged or too large."""
    decoder = zlib.decompressobj()
    try:
        profile = decoder.decompress(compressed, _MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if decoder.eof else b""


def _is_usual(profile: bytes) -> bool:
    device, space, connection = profile[12:16], profile[16:20], profile[20:24]
    if device not in (b"mntr", b"scnr", b"spac") or connection != b"XYZ ":
        return False
    tags = _read_tags(profile)
    if any(name in tags for name in _OTHER_TRANSFORMS):
        return False
    if space == b"GRAY":
        return _has_usual_curve(tags[b"kTRC"]) if b"kTRC" in tags else False
    names = (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")
    if space != b"RGB " or not all(name in tags for name in names):
        return False
    colorants = [struct.unpack_from(">3i", tags[name], 8) for name in names[:3]]
    return _are_usual_colorants(colorants) and all(_has_usual_curve(tags[name]) for name in names[3:])


def _read_tags(profile: bytes) -> dict[bytes, bytes]:
    """Return each tag's data. Raises ValueError for two of one name, or for too many."""
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > _MAX_TAGS:
        raise ValueError
    tags: dict[bytes, bytes] = {}
    for i in range(count):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        if name in tags:
            raise ValueError
        tags[name] = profile[offset : offset + size]
    return tags


def _are_usual_colorants(found: list[tuple[int, int, int]]) -> bool:
    values = [number / 65536 for colorant in found for number in colorant]
    return any(
        all(abs(a - b) <= _COLORANT_TOLERANCE for a, b in zip(values, sum(usual, ()), strict=True))
        for usual in _COLORANTS
    )


def _has_usual_curve(tag: bytes) -> bool:
    return all(abs(_evaluate(tag, value) - expected) <= _CURVE_TOLERANCE for value, expected in _CURVE)


def _evaluate(tag: bytes, value: float) -> float:
    """Return what a curve of either kind makes of a value between 0 and 1."""
    if tag[:4] == b"para":
        return _evaluate_parametric(tag, value)
    if tag[:4] != b"curv":
        raise ValueError
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return value
    if count == 1:
        return float(value ** (struct.unpack_from(">H", tag, 12)[0] / 256))
    at = value * (count - 1)
    low, high = struct.unpack_from(">HH", tag, 12 + 2 * min(int(at), count - 2))
    return float(low + (high - low) * (at - min(int(at), count - 2))) / 65535


def _evaluate_parametric(tag: bytes, x: float) -> float:
    """Evaluate one of ICC's five functions."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = (1, 3, 4, 5, 7)[kind]
    numbers = [number / 65536 for number in struct.unpack_from(f">{count}i", tag, 12)]
    g, a, b, c, d, e, f = numbers + [0.0] * (7 - count)
    if kind == 0:
        return float(x**g)
    if kind in (1, 2):
        return float((a * x + b) ** g + c) if x >= -b / a else c
    return float((a * x + b) ** g + e) if x >= d else c * x + f
