"""Small previews for the report: of pictures this project drew, and never of a match."""

import base64

from PIL import Image

from local.demo.picture import Picture
from local.pictures import encode

_MAX_SIZE = (96, 72)  # pixels, the box that a preview fits into
_STATUSES_WITH_PREVIEW = frozenset({"CLEAN", "UNSCANNABLE", "GONE"})


def make_preview(picture: Picture, status: str) -> str | None:
    """A data URI, or None where the picture may not be shown."""
    if not picture.drawn or status not in _STATUSES_WITH_PREVIEW or "QUARANTINED" in picture.expected:
        return None
    with picture.open() as content, Image.open(content) as image:
        small = _convert_to_rgb(image)
    small.thumbnail(_MAX_SIZE)
    return "data:image/jpeg;base64," + base64.b64encode(encode(small, "JPEG", quality=70)).decode()


def _convert_to_rgb(image: Image.Image) -> Image.Image:
    """On white, as RGB. Pillow would cut 16 bits off instead of scaling them down."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert("RGB")
