"""imaging/raw_pixels.py: which GIF and BMP viewers show as their raw pixels."""

import io
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photodna_guard.imaging.raw_pixels import find_obstacle
from tests.support.pictures import SERVICE_FORMATS, encode_blank

GIF = SERVICE_FORMATS["gif"]


def find(form: str, picture: bytes, is_whole: bool = True) -> str:
    return find_obstacle(form, picture, is_whole)


def make_gif(count: int = 1, **options: Any) -> bytes:
    frames = [Image.new("RGB", (200, 170), (80 * i, 0, 0)) for i in range(count)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("gif", "reason"),
    [
        (GIF, ""),
        (make_gif(), ""),
        (make_gif(comment=b"words"), ""),
        (GIF[:-1] + GIF[GIF.index(b"\x2c\0\0\0\0") :], "frames"),
        # Pillow writes what has changed, and leaves the rest transparent.
        (make_gif(3), "transparency"),
        (make_gif(transparency=0), "transparency"),
        (GIF.replace(b"\x2c\0\0\0\0", b"\x2c\1\0\0\0"), "frames"),
        (GIF[:-1] + b"\x99", "unusual-gif"),
        (GIF[:60], "beyond-head"),
        (b"GIF89a" + bytes(7) + b";", "frames"),
    ],
)
def test_gif_is_one_opaque_frame(gif: bytes, reason: str) -> None:
    assert find("gif", gif) == reason
    assert find("gif", gif, is_whole=False) == "frames"


def make_bmp(
    size: int = 40, height: int = 9, depth: int = 24, compression: int = 0, planes: int = 1, **more: int
) -> bytes:
    colours = more.get("colours", 0)
    offset = 14 + size + (4 * (colours or 1 << depth) if depth <= 8 else 0) + more.get("gap", 0)
    head = struct.pack("<2sIII", b"BM", 999, 0, offset) + struct.pack(
        "<IiiHHIIiiII", size, 9, height, planes, depth, compression, 0, 0, 0, colours, 0
    )
    colour_space = (bytes(16) + (b"BGRs" if more.get("srgb", 1) else b"MBED") + bytes(200))[: size - 40]
    return head + colour_space + bytes(2000)


@pytest.mark.parametrize(
    "bmp",
    [
        SERVICE_FORMATS["bmp"],
        encode_blank("BMP", mode="P"),
        encode_blank("BMP", mode="1"),
        make_bmp(),
        make_bmp(size=108),
        make_bmp(size=124, depth=8),
        make_bmp(depth=4, colours=7),
    ],
)
def test_usual_bmp_is_shown_as_its_raw_pixels(bmp: bytes) -> None:
    assert find("bmp", bmp) == ""


@pytest.mark.parametrize(
    "bmp",
    [
        make_bmp(depth=32),
        make_bmp(depth=16),
        make_bmp(height=-9),
        make_bmp(compression=1, depth=8),
        make_bmp(planes=2),
        make_bmp(size=64),
        make_bmp(gap=500),
        make_bmp(depth=8, colours=300),
        make_bmp(size=124, srgb=0),
        encode_blank("BMP", mode="RGBA"),
        b"BM" + bytes(12) + struct.pack("<IHHHH", 12, 9, 9, 1, 24),
        make_bmp()[:40],
    ],
)
def test_unusual_bmp_has_an_obstacle(bmp: bytes) -> None:
    assert find("bmp", bmp)


def test_tiff_is_never_shown_as_raw_pixels() -> None:
    assert find("tiff", SERVICE_FORMATS["tiff"]) == "format-tiff"


@given(st.sampled_from(sorted(SERVICE_FORMATS)), st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_raise(name: str, rest: bytes, keep: int) -> None:
    assert isinstance(find(name.split(",")[0], SERVICE_FORMATS[name][:keep] + rest), str)
