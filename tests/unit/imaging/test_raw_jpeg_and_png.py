"""imaging/raw_jpeg.py, raw_png.py, exif.py, colour_profile.py: what viewers show otherwise than its raw pixels."""

import struct
import zlib

import pytest
from PIL import Image, ImageCms

from photodna_guard.imaging.raw_pixels import find_obstacle
from tests.support.pictures import SERVICE_FORMATS, encode_blank
from tests.unit.imaging.profiles import make_profile

JPEG, PNG = SERVICE_FORMATS["jpeg"], SERVICE_FORMATS["png"]


def find(form: str, picture: bytes, is_whole: bool = True) -> str:
    return find_obstacle(form, picture, is_whole)


def with_exif(form: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    exif[0x0112] = orientation
    return encode_blank(form, exif=exif.tobytes())


def with_segment(marker: int, content: bytes, jpeg: bytes = JPEG) -> bytes:
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def with_chunk(name: bytes, content: bytes, png: bytes = PNG) -> bytes:
    """Insert a chunk behind the header."""
    chunk = struct.pack(">I", len(content)) + name + content
    return png[:33] + chunk + struct.pack(">I", zlib.crc32(name + content)) + png[33:]


def with_profile(profile: bytes, form: str = "JPEG", mode: str = "RGB") -> bytes:
    return encode_blank(form, mode=mode, icc_profile=profile)


@pytest.mark.parametrize(
    "jpeg",
    [
        JPEG,
        SERVICE_FORMATS["jpeg, progressive"],
        SERVICE_FORMATS["jpeg, grey"],
        with_exif("JPEG", 1),
        with_segment(0xFE, b"a comment that says Exif"),
        with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation='6'/>"),
        with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1"),
        encode_blank("JPEG", subsampling=0),
        encode_blank("JPEG", exif=Image.Exif().tobytes() or b"Exif\0\0II*\0\x08\0\0\0\0\0"),
        JPEG[:2] + b"\xff\xff" + JPEG[2:],
    ],
)
def test_usual_jpeg_is_shown_as_its_raw_pixels(jpeg: bytes) -> None:
    assert find("jpeg", jpeg) == ""
    assert find("jpeg", jpeg[:700], is_whole=False) == ""


@pytest.mark.parametrize(
    ("jpeg", "reason"),
    [
        *((with_exif("JPEG", i), "orientation") for i in (0, 2, 3, 6, 8, 9)),
        (with_segment(0xE1, b"Exif\0\0MM\0*" + bytes(4)), "orientation"),
        (with_segment(0xE1, b"Exif\0\0xx"), "orientation"),
        (with_segment(0xE1, b"Exif\0\1II*\0\x08\0\0\0\0\0"), "orientation"),
        (with_segment(0xE1, with_exif("JPEG", 6)[24:90], with_exif("JPEG", 1)), "orientation"),
        (with_segment(0xE2, b"MPF\0II*\0"), "frames"),
        (with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"), "colours"),
        (with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\2"), "colours"),
        (SERVICE_FORMATS["jpeg, CMYK"], "colours"),
        (encode_blank("JPEG", keep_rgb=True), "colours"),
        (JPEG[:2] + b"\0" + JPEG[2:], "unusual-jpeg"),
        (JPEG[:2] + JPEG, "unusual-jpeg"),
        (JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "unusual-jpeg"),
        (JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc9\0\x11\x08"), "unusual-jpeg"),
        (JPEG.replace(b"\xff\xc0\0\x11\x08\0\xaa", b"\xff\xc0\0\x11\x08\0\0"), "unusual-jpeg"),
        (with_segment(0xC0, b"\x08\0\xaa\0\xc8\1\1\x11\0"), "unusual-jpeg"),
        (with_segment(0xDC, b"\0\xaa"), "unusual-jpeg"),
        (JPEG[:200], "beyond-head"),
        (b"\xff\xd8\xff", "beyond-head"),
    ],
)
def test_unusual_jpeg_has_an_obstacle(jpeg: bytes, reason: str) -> None:
    assert find("jpeg", jpeg) == reason


def test_usual_profiles_are_no_obstacle() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for form in ("JPEG", "PNG"):
        assert find(form.lower(), with_profile(srgb, form)) == ""
        for name in ("sRGB", "Display P3", "Adobe RGB"):
            assert find(form.lower(), with_profile(make_profile(name), form)) == ""
        assert find(form.lower(), with_profile(make_profile("grey"), form, "L")) == ""


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"words" * 90,
        make_profile("sRGB")[:300],
        make_profile("swapped"),
        make_profile("ProPhoto"),
        make_profile("sRGB", gamma=1.8),
        make_profile("sRGB", gamma=1.0),
        make_profile("sRGB", gamma=-2.2),
        make_profile("sRGB", extra=(b"A2B0", b"mft2")),
        make_profile("sRGB", extra=(b"rTRC", b"curv" + bytes(8))),
        make_profile("sRGB", space=b"CMYK"),
        make_profile("sRGB", space=b"Lab "),
        make_profile("sRGB", device=b"link"),
        make_profile("sRGB", curve=b"curv\0\0\0\0" + struct.pack(">I3H", 3, 65535, 32768, 0)),
        make_profile("sRGB", curve=b"para\0\0\0\0\0\x09\0\0"),
        make_profile("grey", gamma=1.0),
    ],
)
def test_other_profile_is_an_obstacle(profile: bytes) -> None:
    assert find("jpeg", with_segment(0xE2, b"ICC_PROFILE\0\1\1" + profile)) == "colour-profile"
    assert find("png", with_chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))) == "colour-profile"


def test_profile_in_parts_is_read_only_if_whole() -> None:
    profile = make_profile("sRGB")
    whole = with_segment(0xE2, b"ICC_PROFILE\0\2\2" + profile[200:])
    assert find("jpeg", with_segment(0xE2, b"ICC_PROFILE\0\1\2" + profile[:200], whole)) == ""
    assert find("jpeg", whole) == "colour-profile"
    assert find("jpeg", with_segment(0xE2, b"ICC_PROFILE\0\2\2" + profile[:200], whole)) == "colour-profile"


@pytest.mark.parametrize(
    "png",
    [
        PNG,
        SERVICE_FORMATS["png, palette"],
        encode_blank("PNG", mode="L"),
        encode_blank("PNG", mode="1"),
        with_exif("PNG", 1),
        with_chunk(b"gAMA", struct.pack(">I", 45455)),
        with_chunk(b"sRGB", b"\0"),
        with_chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        with_chunk(b"cICP", b"\1\x0d\0\1"),
        with_chunk(b"tEXt", b"Comment\0words"),
    ],
)
def test_usual_png_is_shown_as_its_raw_pixels(png: bytes) -> None:
    assert find("png", png) == ""
    assert find("png", png[: png.index(b"IDAT") + 8], is_whole=False) == ""


@pytest.mark.parametrize(
    ("png", "reason"),
    [
        (encode_blank("PNG", mode="RGBA"), "transparency"),
        (encode_blank("PNG", mode="LA"), "transparency"),
        (encode_blank("PNG", mode="P", transparency=0), "transparency"),
        (encode_blank("PNG", mode="I;16"), "depth"),
        (with_exif("PNG", 6), "orientation"),
        (with_chunk(b"eXIf", b"words"), "orientation"),
        (with_chunk(b"zTXt", b"Raw profile type exif\0\0x"), "orientation"),
        (with_chunk(b"acTL", bytes(8)), "frames"),
        (with_chunk(b"gAMA", struct.pack(">I", 100_000)), "colour-profile"),
        (with_chunk(b"cHRM", struct.pack(">8I", *[31270] * 8)), "colour-profile"),
        (with_chunk(b"cICP", b"\x09\x10\0\1"), "colour-profile"),
        (with_chunk(b"iCCP", b"x\0\0damaged"), "colour-profile"),
        (with_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(5_000_000))), "colour-profile"),
        (with_chunk(b"IHDR", PNG[16:29]), "unusual-png"),
        (with_chunk(b"gAMA", b""), "beyond-head"),
        (PNG[:8] + PNG[33:], "unusual-png"),
        (PNG[:30], "beyond-head"),
        (with_chunk(b"tEXt", b"x" * 300)[:200], "beyond-head"),
    ],
)
def test_unusual_png_has_an_obstacle(png: bytes, reason: str) -> None:
    assert find("png", png) == reason
