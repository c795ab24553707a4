"""Pictures that the service accepts and no list contains: all five formats, and their unusual variants."""

from collections.abc import Iterator

from PIL import Image

from local.demo.picture import CLEAN, JPEG, PNG, Picture
from local.pictures import draw, encode

# S3 allows an object ten tags.
_TEN_TAGS = {f"tag-{number}": "kept" for number in range(10)}


def pictures() -> list[Picture]:
    """Return the pictures that are on no hash list and of an accepted format and size."""
    return [*_formats(), *_jpegs(), *_pngs(), *_many_frames(), *_sizes(), *_tags()]


def _clean(name: str, kind: str, content: bytes, content_type: str) -> Picture:
    return Picture(f"clean/{name}", f"clean: {kind}", CLEAN, content, content_type, drawn=True)


def _formats() -> Iterator[Picture]:
    yield _clean("beach.jpg", "JPEG", encode(draw(10), "JPEG", quality=88), JPEG)
    yield _clean("forest.png", "PNG", encode(draw(11), "PNG"), PNG)
    yield _clean("city.gif", "GIF", encode(draw(12), "GIF"), "image/gif")
    yield _clean("harbour.bmp", "BMP", encode(draw(13), "BMP"), "image/bmp")
    yield _clean("mountain.tiff", "TIFF", encode(draw(14), "TIFF", compression="tiff_lzw"), "image/tiff")


def _jpegs() -> Iterator[Picture]:
    # Cameras and editors write much metadata before the dimensions, so that the first bytes may not contain them.
    metadata, exif = draw(17).resize((400, 300)).tobytes(), Image.Exif()
    exif[0x010E] = "a long description " * 3000
    large = encode(draw(16), "JPEG", icc_profile=metadata, exif=exif)
    yield _clean("progressive.jpg", "progressive JPEG", encode(draw(15), "JPEG", progressive=True), JPEG)
    yield _clean("metadata-first.jpg", "JPEG, 400 kB of EXIF and ICC first", large, JPEG)
    yield _clean("print.jpg", "CMYK JPEG", encode(draw(18).convert("CMYK"), "JPEG"), JPEG)
    yield _clean("grey.jpg", "greyscale JPEG", encode(draw(19).convert("L"), "JPEG"), JPEG)


def _pngs() -> Iterator[Picture]:
    deep = draw(21).convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    see_through = draw(22)
    see_through.putalpha(draw(23).convert("L"))
    yield _clean("palette.png", "palette PNG", encode(draw(20).quantize(64), "PNG"), PNG)
    yield _clean("16-bit.png", "16-bit PNG", encode(deep, "PNG"), PNG)
    yield _clean("16-bit.tif", "16-bit TIFF", encode(deep, "TIFF"), "image/tiff")
    yield _clean("see-through.png", "PNG with transparency", encode(see_through, "PNG"), PNG)


def _many_frames() -> Iterator[Picture]:
    frames = [draw(seed, (320, 240)) for seed in (24, 25, 26)]
    extra = {"save_all": True, "append_images": frames[1:]}
    yield _clean("moving.gif", "animated GIF", encode(frames[0], "GIF", duration=200, **extra), "image/gif")
    yield _clean("pages.tif", "TIFF of three pages", encode(frames[0], "TIFF", **extra), "image/tiff")


def _sizes() -> Iterator[Picture]:
    smallest = encode(draw(27, (160, 160)), "PNG")
    # 1300 x 1020 x 3 bytes and a header are 3.98 MB, which is below 4 MB by either meaning of "MB".
    largest = encode(draw(28, (1300, 1020)), "BMP")
    yield _clean("exactly-160.png", "the smallest accepted size", smallest, PNG)
    yield _clean("almost-4-MB.bmp", "almost 4 MB", largest, "image/bmp")


def _tags() -> Iterator[Picture]:
    content = encode(draw(29), "JPEG")
    yield Picture("clean/tagged.jpg", "clean: ten user tags", CLEAN, content, tags=_TEN_TAGS, drawn=True)
