"""imaging/decoding: depths, colours, transparency, sizes and frames, where the variants do not show them."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from local.pictures import draw, encode
from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.decoding.colours import to_eight_bits, to_srgb, turn_upright
from photodna_guard.imaging.decoding.frames import Frame, Frames, choose_frames
from photodna_guard.imaging.decoding.png_gamma import read_png_gamma
from photodna_guard.imaging.decoding.renditions import make_renditions
from photodna_guard.imaging.decoding.sizes import check_size, check_way, choose_enlarged_size, choose_longer_side
from tests.imaging.conftest import Render

PICTURE = draw(3, (320, 240))


@pytest.mark.parametrize(
    ("total", "most", "chosen"),
    [(1, 5, [0]), (5, 5, [0, 1, 2, 3, 4]), (9, 5, [0, 2, 4, 6, 8]), (100, 3, [0, 50, 99]), (7, 1, [0]), (3, 2, [0, 2])],
)
def test_first_last_and_frames_evenly_between_are_chosen(total: int, most: int, chosen: list[int]) -> None:
    assert choose_frames(total, most) == chosen


@pytest.mark.parametrize(
    ("image", "brightest"),
    [
        (Image.new("I;16", (9, 9), 65535), 255),
        (Image.new("I;16", (9, 9), 32900), 128),
        (Image.new("I", (9, 9), 65535), 255),
        (Image.new("1", (9, 9), 1), 255),
        (Image.new("YCbCr", (9, 9), (255, 128, 128)), 255),
        (Image.new("LAB", (9, 9), (255, 128, 128)), 255),
    ],
)
def test_any_depth_becomes_eight_bits(image: Image.Image, brightest: int) -> None:
    assert to_eight_bits(image).convert("L").getextrema() == (brightest, brightest)


def test_floats_are_shown_by_their_own_range() -> None:
    image = Image.merge("RGB", [Image.linear_gradient("L")] * 3).convert("F").point(lambda value: value * 40 - 900)
    assert to_eight_bits(image).getextrema() == (0, 255)
    assert to_eight_bits(Image.new("F", (9, 9), 0.5)).getextrema() == (0, 0)


def test_transparent_palette_colour_becomes_alpha() -> None:
    image = PICTURE.quantize(8)
    image.info["transparency"] = 0
    assert to_eight_bits(image).mode == "RGBA"
    assert to_eight_bits(Image.new("LA", (9, 9))).mode == "LA"
    assert to_eight_bits(Image.new("PA", (9, 9))).mode == "RGBA"


def test_profile_is_applied_and_a_broken_one_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert to_srgb(PICTURE, b"no profile").tobytes() == PICTURE.tobytes()
    assert to_srgb(PICTURE, profile).tobytes() == PICTURE.tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert to_srgb(PICTURE.convert("RGBA"), srgb).mode == "RGBA"
    assert to_srgb(PICTURE.convert("CMYK"), None).mode == "RGB"


def test_hostile_exif_turns_nothing() -> None:
    class HostileImage(Image.Image):
        def getexif(self) -> Image.Exif:
            raise SyntaxError("not a TIFF file")

    image = HostileImage()
    assert turn_upright(image) is image


@pytest.mark.parametrize(
    ("size", "reason"),
    [((0, 5), "damaged"), ((20_000, 20_000), "too-many-pixels"), ((9000, 100), "too-narrow"), ((1, 60), "too-narrow")],
)
def test_size_that_cannot_be_rendered_has_its_reason(size: tuple[int, int], reason: str) -> None:
    with pytest.raises(UnscannableError, match=reason):
        check_size(size)


def test_animation_is_too_long_by_all_its_pixels() -> None:
    check_way(400, (1000, 1000))
    with pytest.raises(UnscannableError, match="too-many-frames"):
        check_way(401, (1000, 1000))


@pytest.mark.parametrize(
    ("size", "side"),
    [((800, 600), 800), ((4000, 3000), 1024), ((3000, 4000), 1024), ((6000, 300), 3200), ((5000, 160), 5000)],
)
def test_reduced_side_leaves_the_shorter_one_large_enough(size: tuple[int, int], side: int) -> None:
    assert choose_longer_side(size) == side


def test_small_picture_is_enlarged_from_a_limit_on() -> None:
    assert choose_enlarged_size((100, 50), (100, 50), 50) == (320, 160)
    assert choose_enlarged_size((1024, 200), (4000, 781), 50) == (1024, 200)
    with pytest.raises(UnscannableError, match="too-small"):
        choose_enlarged_size((100, 49), (100, 49), 50)


def test_damaged_frame_beside_others_leaves_the_look_inconclusive() -> None:
    def get(number: int) -> Frame:
        if number == 1:
            raise OSError("broken data stream")
        return Frame(draw(number, (320, 240)), (320, 240))

    found = make_renditions(Frames(3, get), 5, 50)
    assert [one.frame for one in found.renditions] == [0, 2]
    assert (found.frames_seen, found.frames_total, found.inconclusive) == (2, 3, "damaged")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(MemoryError(), "too-many-pixels"), (UnscannableError("too-narrow"), "too-narrow"), (KeyError(), "damaged")],
)
def test_file_without_any_frame_has_the_reason_of_the_first(error: Exception, reason: str) -> None:
    def get(number: int) -> Frame:
        raise error

    with pytest.raises(UnscannableError, match=reason):
        make_renditions(Frames(1, get), 5, 50)


def test_small_page_beside_a_large_one_is_a_thumbnail() -> None:
    sizes = [(320, 240), (32, 24)]
    found = make_renditions(Frames(2, lambda i: Frame(draw(i, sizes[i]), sizes[i])), 5, 50)
    assert (len(found.renditions), found.inconclusive) == (1, "")


def test_frames_that_look_the_same_are_sent_once() -> None:
    found = make_renditions(Frames(5, lambda i: Frame(draw(3, (320, 240)), (320, 240))), 5, 50)
    assert (len(found.renditions), found.frames_seen) == (1, 5)
    wide = [Frame(draw(3, size), size) for size in ((320, 240), (320, 120))]
    assert len(make_renditions(Frames(2, lambda i: wide[i]), 5, 50).renditions) == 2


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    whole = encode(PICTURE, "PNG")
    more = b"".join(struct.pack(">I", len(data)) + name + data + bytes(4) for name, data in chunks)
    return whole[:33] + more + whole[33:]


@pytest.mark.parametrize(
    ("content", "gamma"),
    [
        (png_with((b"gAMA", struct.pack(">I", 100_000))), 1.0),
        (png_with((b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")), None),
        (png_with((b"iCCP", b"x"), (b"gAMA", struct.pack(">I", 100_000))), None),
        (png_with((b"gAMA", b"short")), None),
        (png_with(), None),
        (png_with()[:36], None),
        (encode(PICTURE, "JPEG"), None),
    ],
)
def test_gamma_is_that_of_the_png(tmp_path: Path, content: bytes, gamma: float | None) -> None:
    file = tmp_path / "picture"
    file.write_bytes(content)
    assert read_png_gamma(file) == gamma


def test_rendition_is_a_jpeg_that_the_service_takes(render: Render) -> None:
    found = render(encode(PICTURE.resize((5000, 400)), "WEBP"))
    assert isinstance(found, RenditionSet)
    image = Image.open(io.BytesIO(found.renditions[0].content))
    assert (image.format, image.mode, min(image.size)) == ("JPEG", "RGB", 160)
    assert len(found.renditions[0].content) < 4 * 1024 * 1024
