"""Small previews for the report: of pictures this project drew, and never of a match."""

import base64

from PIL import Image

from local.demo.picture import Picture
from local.pictures import encode

_SIZE = (96, 72)  # pixels, the box that a preview fits into
_SHOWN = frozenset({"CLEAN", "UNSCANNABLE", "GONE"})


def preview(picture: Picture, status: str) -> str | None:
    """A data URI, or None where the picture may not be shown."""
    if not picture.drawn or status not in _SHOWN or "QUARANTINED" in picture.expected:
        return None
    with picture.open() as content, Image.open(content) as image:
        small = _in_colour(image)
    small.thumbnail(_SIZE)
    return "data:image/jpeg;base64," + base64.b64encode(encode(small, "JPEG", quality=70)).decode()


def _in_colour(image: Image.Image) -> Image.Image:
    """On white, as RGB. Pillow would cut 16 bits off instead of scaling them down."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert("RGB")
