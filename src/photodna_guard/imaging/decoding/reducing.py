"""Reduce a frame strip by strip, so that no second copy of it is in memory."""

from collections.abc import Callable

from PIL import Image

# A frame is first reduced, by a whole number, to at least so many times the sides that it has in the end.
_REDUCING_GAP = 2
_STRIP_ROWS = 256

# The first row and the number of rows -> the part of the frame.
GetStrip = Callable[[int, int], Image.Image]


def reduce_frame(size: tuple[int, int], mode: str, side: int, get_strip: GetStrip) -> Image.Image:
    """Return a frame of L, LA, RGB, RGBA or CMYK with the longer side `side`, or as it is where that is shorter."""
    width, height = size
    factor = max(max(size) // (_REDUCING_GAP * side), 1)
    reduced = Image.new(mode, (-(-width // factor), -(-height // factor)))
    # Rows that share their chroma, and those that are reduced to one, are in the same strip.
    rows = max(_STRIP_ROWS // (2 * factor), 1) * 2 * factor
    for top in range(0, height, rows):
        strip = get_strip(top, min(rows, height - top))
        reduced.paste(strip.reduce(factor), (0, top // factor))
    scale = min(side / max(size), 1)
    return _resize(reduced, size, factor, (max(round(width * scale), 1), max(round(height * scale), 1)))


def reduce_image(image: Image.Image, side: int) -> Image.Image:
    """Return a reduced copy of an image of L, LA, RGB, RGBA or CMYK."""
    return reduce_frame(image.size, image.mode, side, lambda top, rows: image.crop((0, top, image.width, top + rows)))


def reduce_image_to(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return an opaque image with this size, whatever its shape."""
    factor = max(max(image.size) // (_REDUCING_GAP * max(size)), 1)
    return _resize(image.reduce(factor), image.size, factor, size)


def _resize(reduced: Image.Image, own: tuple[int, int], factor: int, size: tuple[int, int]) -> Image.Image:
    """Return an image, whose `own` sides were divided by `factor`, with this size."""
    # What is beyond the frame in the last column and row is cut off.
    return reduced.resize(size, Image.Resampling.BICUBIC, (0, 0, own[0] / factor, own[1] / factor))
