"""imaging/decoding/with_avif: the frames are those that Pillow's own decoder gives, without its memory."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from local.pictures import draw, encode
from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.with_avif import open_file

PICTURE = draw(8, (640, 480))
# Its sides are odd, and are divided by two before the last step.
LARGE = PICTURE.resize((4099, 3001))


def write(file: Path, image: Image.Image, **options: Any) -> Path:
    """Write an AVIF, quickly."""
    image.save(file, "AVIF", speed=10, **options)
    return file


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two images of one mode, in levels, of the band that differs most."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4", "4:0:0"])
@pytest.mark.parametrize("picture", [PICTURE, LARGE], ids=["small", "large"])
def test_frame_is_the_one_that_pillow_decodes(tmp_path: Path, picture: Image.Image, subsampling: str) -> None:
    file = write(tmp_path / "picture", picture, subsampling=subsampling)
    frame = open_file(file, True).get(0)
    with Image.open(file) as whole:
        assert frame.size == whole.size
        assert difference(frame.image, whole.convert("RGB").resize(frame.image.size, Image.Resampling.BICUBIC)) < 0.5


def test_transparency_is_kept(tmp_path: Path) -> None:
    picture = LARGE.convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(LARGE.size))
    file = write(tmp_path / "picture", picture)
    frame = open_file(file, True).get(0)
    with Image.open(file) as whole:
        expected = whole.resize(frame.image.size, Image.Resampling.BICUBIC)
    assert frame.image.mode == "RGBA"
    assert difference(frame.image.convert("RGBa"), expected.convert("RGBa")) < 0.5


def test_frame_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = write(tmp_path / "picture", PICTURE, exif=exif)
    upright = PICTURE.transpose(Image.Transpose.ROTATE_270)
    assert difference(open_file(file, True).get(0).image, upright) < 8


def test_every_frame_of_a_sequence_is_read(tmp_path: Path) -> None:
    drawn = [PICTURE, *(draw(number, PICTURE.size) for number in (9, 10))]
    frames = open_file(write(tmp_path / "pictures", PICTURE, save_all=True, append_images=drawn[1:]), True)
    assert frames.total == 3
    assert all(difference(frames.get(number).image, drawn[number]) < 8 for number in range(3))


@pytest.mark.parametrize("kept", [20, 200, 1500])
def test_file_that_is_cut_off_is_damaged(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "picture"
    file.write_bytes(encode(PICTURE, "AVIF")[:kept])
    with pytest.raises(UnscannableError, match="damaged"):
        open_file(file, True).get(0)


@pytest.mark.slow
def test_animation_that_takes_too_long_is_not_begun(tmp_path: Path) -> None:
    page = Image.new("RGB", (5000, 4000))
    file = write(tmp_path / "long", page, save_all=True, append_images=[page] * 20, duration=list(range(40, 61)))
    with pytest.raises(UnscannableError, match="too-many-frames"):
        open_file(file, True)


@pytest.mark.parametrize("kept", [20, 200, 0.5, 0.9])
def test_file_cut_off_is_damaged(tmp_path: Path, kept: float) -> None:
    file = write(tmp_path / "picture", PICTURE)
    content = file.read_bytes()
    file.write_bytes(content[: int(kept if kept > 1 else kept * len(content))])
    with pytest.raises(UnscannableError, match="damaged"):
        open_file(file, True).get(0)
