"""Variants whose colours are right only by their profile: a viewer that ignores it shows another picture."""

import io
import struct
from functools import partial

from PIL import Image, ImageCms

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant

_Colour = tuple[float, float, float]
# Display P3's and sRGB's primaries as XYZ at D50, as profiles hold them.
_P3: tuple[_Colour, _Colour, _Colour] = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
_SRGB: tuple[_Colour, _Colour, _Colour] = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
_D50 = (0.9642, 1.0, 0.8249)


def write_profile(primaries: tuple[_Colour, _Colour, _Colour], gamma: float) -> bytes:
    """Write an ICC profile of version 2 for a display of these primaries and this gamma."""
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256)) + bytes(2)
    text = b"desc" + struct.pack(">II", 0, 6) + b"drawn\0" + bytes(79)
    tags = {b"desc": text, b"cprt": b"text" + bytes(4) + b"none\0\0\0\0", b"wtpt": _xyz(_D50)}
    for name, primary in zip(b"rgb", primaries, strict=True):
        tags |= {bytes([name]) + b"XYZ": _xyz(primary), bytes([name]) + b"TRC": curve}
    table, data, offset = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for signature, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += signature + struct.pack(">II", offset + len(data), len(value))
        data += padded
    body = table + data
    header = struct.pack(">I4sI4s4s4s12s4s", 128 + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp")
    return (header.ljust(68, b"\0") + _numbers(_D50)).ljust(128, b"\0") + body


def _xyz(colour: _Colour) -> bytes:
    return b"XYZ " + bytes(4) + _numbers(colour)


def _numbers(values: _Colour) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _in_profile(subject: Subject, form: str, profile: bytes, **options: object) -> bytes:
    """Store the colours in the profile, so that a viewer that applies it shows the picture as it was."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(subject.image, ImageCms.createProfile("sRGB"), target)
    assert isinstance(converted, Image.Image)
    return encode(converted, form, icc_profile=profile, **options)


_WIDE = write_profile(_P3, 2.2)
_LINEAR = write_profile(_SRGB, 1.0)
# Blue is red and red is blue, and the tones are darker than linear light.
_SWAPPED = write_profile((_SRGB[2], _SRGB[1], _SRGB[0]), 0.8)
VARIANTS = (
    Variant("jpeg, wide-gamut profile", "image/jpeg", partial(_in_profile, form="JPEG", profile=_WIDE, quality=90)),
    Variant("jpeg, linear profile", "image/jpeg", partial(_in_profile, form="JPEG", profile=_LINEAR, quality=95)),
    Variant("jpeg, swapped profile", "image/jpeg", partial(_in_profile, form="JPEG", profile=_SWAPPED, quality=98)),
    Variant("png, wide-gamut profile", "image/png", partial(_in_profile, form="PNG", profile=_WIDE)),
    Variant("png, swapped profile", "image/png", partial(_in_profile, form="PNG", profile=_SWAPPED)),
    Variant("webp, swapped profile", "image/webp", partial(_in_profile, form="WEBP", profile=_SWAPPED, lossless=True)),
    Variant("tiff, linear profile", "image/tiff", partial(_in_profile, form="TIFF", profile=_LINEAR)),
    Variant("avif, swapped profile", "image/avif", partial(_in_profile, form="AVIF", profile=_SWAPPED, quality=95)),
)
