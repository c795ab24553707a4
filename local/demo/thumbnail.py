"""Makes small previews for the report, only of pictures with the verdict CLEAN, drawn ones and the user's own."""

import base64
import warnings
from collections.abc import Sequence

import pi_heif
from PIL import Image, ImageOps

from local.demo.checked_upload import CheckedUpload
from local.demo.oracle import DECODED_FORMATS, DECODER_ERRORS, MAX_CERTAIN_PIXELS
from local.demo.picture import Picture
from local.pictures import encode

# Pillow itself does not read HEIC.
pi_heif.register_heif_opener()
_MAX_SIZE = (96, 72)  # pixels
# A large picture of one of these modes is reduced first, so that the conversions need little memory.
_REDUCIBLE_MODES = ("L", "RGB", "RGBA", "CMYK", "YCbCr")
_REDUCED_SIZE = (384, 384)  # pixels
# A preview takes 2 to 5 kB of the page.
MAX_PREVIEWS = 1_000


def make_previews(pictures: Sequence[Picture], checked_uploads: Sequence[CheckedUpload]) -> dict[int, str]:
    """Return the data URIs by the upload's index. There are `MAX_PREVIEWS` at most, and none of a doubtful upload."""
    by_key_and_kind = {(picture.key, picture.kind): picture for picture in pictures}
    previews: dict[int, str] = {}
    for index, one in enumerate(checked_uploads):
        # The checks also find a file that was changed during the run: its bytes have no verdict.
        if one.as_expected and len(previews) < MAX_PREVIEWS:
            preview = make_preview(by_key_and_kind[one.key, one.kind], one.status)
            previews |= {index: preview} if preview else {}
    return previews


def make_preview(picture: Picture, status: str) -> str | None:
    """Return a data URI, or None if the report may not show the picture or Pillow does not decode it."""
    if status != "CLEAN" or "CLEAN" not in picture.expected:
        return None
    try:
        small = _decode_small(picture)
    except (*DECODER_ERRORS, MemoryError):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(encode(small, "JPEG", quality=70)).decode()


def _decode_small(picture: Picture) -> Image.Image:
    with (
        warnings.catch_warnings(action="ignore"),
        picture.open() as content,
        Image.open(content, formats=_list_formats()) as image,
    ):
        if image.width * image.height > MAX_CERTAIN_PIXELS:
            raise Image.DecompressionBombError("too many pixels for a preview")
        if image.mode in _REDUCIBLE_MODES:
            image.thumbnail(_REDUCED_SIZE)
        small = _convert_to_rgb(ImageOps.exif_transpose(image))
    small.thumbnail(_MAX_SIZE)
    return small


def _list_formats() -> list[str]:
    """Return the formats to try, in Pillow's order. For some others, such as EPS, Pillow starts a program."""
    Image.init()
    return [name for name in Image.ID if name in DECODED_FORMATS]


def _convert_to_rgb(image: Image.Image) -> Image.Image:
    """Convert to RGB on a white background. Pillow alone would truncate 16-bit values instead of scaling them."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    background = Image.new("RGBA", image.size, "white")
    background.alpha_composite(image.convert("RGBA"))
    return background.convert("RGB")
