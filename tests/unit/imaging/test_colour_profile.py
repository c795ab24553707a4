"""imaging/colour_profile.py: a profile that is damaged, or makes other colours, is not a usual one."""

import struct

import pytest

from photodna_guard.imaging.colour_profile import inflate_profile, is_usual_profile
from tests.unit.imaging.profiles import make_profile

_CURVE = b"curv" + bytes(4)
_GAMMA = _CURVE + struct.pack(">IH", 1, round(2.2 * 256))
_STRAIGHT = _CURVE + struct.pack(">I", 0)
_POINTS = _CURVE + struct.pack(">I17H", 17, *(round(65535 * (i / 16) ** 2.2) for i in range(17)))
# ICC's function 2: (a x + b) ** g + c from -b / a on, below it c.
_SHIFTED = b"para" + bytes(4) + struct.pack(">HH5i", 2, 0, *(round(65536 * v) for v in (2.2, 0.9, 0.1, 0.2, 0.0)))


@pytest.mark.parametrize("curve", [b"", _GAMMA, _POINTS])
def test_profile_with_a_curve_near_srgb_is_usual(curve: bytes) -> None:
    assert is_usual_profile(make_profile("sRGB", curve=curve))
    assert is_usual_profile(make_profile("grey", curve=curve))


@pytest.mark.parametrize("curve", [_STRAIGHT, _SHIFTED, b"sf32" + bytes(16), _CURVE, b"para" + bytes(4) + b"\0\x09"])
def test_profile_with_another_curve_is_not_usual(curve: bytes) -> None:
    assert not is_usual_profile(make_profile("sRGB", curve=curve))


def test_profile_with_one_tag_twice_is_not_usual() -> None:
    assert not is_usual_profile(make_profile("sRGB", extra=(b"rTRC", _GAMMA)))


def test_profile_with_too_many_tags_is_not_usual() -> None:
    profile = make_profile("sRGB")
    assert not is_usual_profile(profile[:128] + struct.pack(">I", 101) + profile[132:])


def test_profile_without_its_tags_is_not_usual() -> None:
    for name in ("sRGB", "grey"):
        assert not is_usual_profile(make_profile(name)[:128] + bytes(4))


def test_profile_that_cannot_be_inflated_is_empty() -> None:
    assert inflate_profile(b"no stream") == b""
