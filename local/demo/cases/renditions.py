"""Pictures of which the service gets renditions: what phones and sites hold, each once listed and once not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from PIL import Image

from local.demo.cases.matches import matching, on_the_test_list
from local.demo.picture import CLEAN, JPEG, PNG, ListedPicture, Picture
from local.pictures import draw, encode

_CODED = Path(__file__).parents[1] / "coded"
_LISTED_HEIC_SEED = 500
# Of what a phone's camera writes.
_TWELVE_MEGAPIXELS = (4000, 3000)
# EXIF's orientation, and its value for a phone that was held upright.
_ORIENTATION, _TURN_CLOCKWISE = 0x0112, 6


def pictures() -> list[Picture]:
    """Return the pictures that the service does not get as they are stored."""
    return [*_formats(), *_photographs(), *_turned(), *_transparent(), *_frames(), *_sizes()]


def listed() -> list[ListedPicture]:
    """Return the entries of the hash lists for the pictures that are not drawn in the run."""
    return [ListedPicture(encode(draw(_LISTED_HEIC_SEED), "PNG"), "test-heic", violations=("A1",))]


def _pair(name: str, kind: str, contents: Iterable[bytes], content_type: str) -> Iterator[Picture]:
    """Describe two pictures: the first of the contents is on a list, the second one on none."""
    listed_content, other_content = contents
    yield matching(f"rendition/listed-{name}", kind, listed_content, content_type)
    yield _clean(name, kind, other_content, content_type)


def _clean(name: str, kind: str, content: bytes, content_type: str) -> Picture:
    return Picture(f"rendition/{name}", f"clean: {kind}", CLEAN, content, content_type, drawn=True)


def _formats() -> Iterator[Picture]:
    heic = ((_CODED / f"{name}.heic").read_bytes() for name in ("listed", "other"))
    yield from _pair("IMG_0001.HEIC", "HEIC", heic, "image/heic")
    for name, seed in (("WebP", 30), ("AVIF", 70)):
        contents = (encode(image, name.upper(), quality=80) for image in (on_the_test_list(), draw(seed)))
        yield from _pair(f"photo.{name.lower()}", name, contents, f"image/{name.lower()}")
    forged = _clean("forged.webp", "WebP with a forged status tag", encode(draw(71), "WEBP"), "image/webp")
    yield replace(forged, tags={"scan-status": "skipped", "owner": "demo"})


def _photographs() -> Iterator[Picture]:
    # The same seed gives the same picture in any size, but for its grain.
    contents = (encode(draw(seed, _TWELVE_MEGAPIXELS), "JPEG", quality=95) for seed in (0, 72))
    yield from _pair("12-megapixels.jpg", "JPEG of 12 megapixels, 5 MB", contents, JPEG)
    bitmap = draw(33, (1400, 1100))
    photo = encode(bitmap, "JPEG", quality=90)
    # The bytes after the end marker count as well.
    padded = photo + bytes(4_600_000 - len(photo))
    yield _clean("scan.bmp", "BMP of 4.6 MB", encode(bitmap, "BMP"), "image/bmp")
    yield _clean("padded.jpg", "JPEG of 4.6 MB", padded, JPEG)


def _turned() -> Iterator[Picture]:
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURN_CLOCKWISE
    stored = (image.transpose(Image.Transpose.ROTATE_90) for image in (on_the_test_list(), draw(73)))
    contents = (encode(image, "JPEG", quality=88, exif=exif) for image in stored)
    yield from _pair("upright.jpg", "JPEG turned by its EXIF", contents, JPEG)


def _transparent() -> Iterator[Picture]:
    """Draw with the transparency alone: nothing is seen on a white page, and the picture on a black one."""
    contents = []
    for image in (on_the_test_list(), draw(74)):
        white = Image.new("RGBA", image.size, "white")
        white.putalpha(image.convert("L"))
        contents.append(encode(white, "PNG"))
    yield from _pair("on-black.png", "PNG seen on black alone", contents, PNG)


def _frames() -> Iterator[Picture]:
    """Hide a listed picture behind the first frame."""
    for name, kind, form, content_type, count in (
        ("moving.gif", "GIF of 12 frames", "GIF", "image/gif", 12),
        ("moving.png", "APNG of 4 frames", "PNG", PNG, 4),
        ("scan.tif", "TIFF of 2 pages", "TIFF", "image/tiff", 2),
    ):
        animation = _animate(form, count)
        match = matching(f"rendition/listed-{name}", f"{kind}, in the last", animation, content_type)
        yield replace(match, matched_frame=count - 1)
    yield replace(_clean("moving.webp", "WebP of 8 frames", _animate_webp(), "image/webp"), frames=(5, 8))


def _animate(form: str, count: int) -> bytes:
    frames = [*(_frame(number) for number in range(count - 1)), on_the_test_list().resize((320, 240))]
    return encode(frames[0].copy(), form, save_all=True, append_images=frames[1:])


def _animate_webp() -> bytes:
    return encode(_frame(0), "WEBP", save_all=True, append_images=[_frame(number) for number in range(1, 8)])


@cache
def _frame(number: int) -> Image.Image:
    return draw(80 + number, (320, 240))


def _sizes() -> Iterator[Picture]:
    contents = (encode(image.resize((133, 100)), "PNG") for image in (on_the_test_list(), draw(75)))
    yield from _pair("avatar.png", "133 x 100 pixels", contents, PNG)
    yield _clean("narrow.jpg", "159 x 400 pixels", encode(draw(31, (159, 400)), "JPEG"), JPEG)
