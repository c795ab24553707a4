"""Makes small previews for the report, only of pictures that this project drew and never of a match."""

import base64

import pi_heif
from PIL import Image, ImageOps

from local.demo.picture import Picture
from local.pictures import encode

# Pillow itself does not read HEIC.
pi_heif.register_heif_opener()
_MAX_SIZE = (96, 72)  # pixels
_STATUSES_WITH_PREVIEW = frozenset({"CLEAN", "UNSCANNABLE", "GONE"})


def make_preview(picture: Picture, status: str) -> str | None:
    """Return a data URI, or None if the report may not show the picture."""
    if not picture.drawn or status not in _STATUSES_WITH_PREVIEW or "QUARANTINED" in picture.expected:
        return None
    with picture.open() as content, Image.open(content) as image:
        small = _convert_to_rgb(ImageOps.exif_transpose(image))
    small.thumbnail(_MAX_SIZE)
    return "data:image/jpeg;base64," + base64.b64encode(encode(small, "JPEG", quality=70)).decode()


def _convert_to_rgb(image: Image.Image) -> Image.Image:
    """Convert to RGB on a white background. Pillow alone would truncate 16-bit values instead of scaling them."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    background = Image.new("RGBA", image.size, "white")
    background.alpha_composite(image.convert("RGBA"))
    return background.convert("RGB")
