"""What a variant is, and the drawn pictures of which the variants are made.

The files in `coded` were made once of these pictures, because no encoder for their formats is installed here:

    SEED.heic            heif-enc -q 35 (libheif 1.15 with x265)
    SEED-tiles.heic      the picture's four quarters as four items, by the same command
    SEED-turned.heic     the picture at 320 x 240 pixels turned clockwise by 90, 180 and 270 degrees, and mirrored
    SEED-arithmetic.jpg  cjpeg -arithmetic -quality 75 (libjpeg-turbo)
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from PIL import Image

from local.pictures import draw

CODED = Path(__file__).parent / "coded"
# The picture on the hash list, and pictures that are on none. Each has files in `coded`.
LISTED_SEED, OTHER_SEEDS = 500, (501, 502, 503)


@dataclass(frozen=True)
class Subject:
    """The drawn picture that a variant shows."""

    seed: int

    @cached_property
    def image(self) -> Image.Image:
        """The picture: 640 x 480 pixels, RGB."""
        return _draw(self.seed)

    @cached_property
    def small(self) -> Image.Image:
        """The picture at 320 x 240 pixels."""
        return self.image.resize((320, 240), Image.Resampling.LANCZOS)

    def coded(self, ending: str) -> bytes:
        """Read a file that an encoder made of the picture once."""
        return (CODED / f"{self.seed}{ending}").read_bytes()


@dataclass(frozen=True)
class Variant:
    """One way in which a picture is stored. `make` returns the object's bytes."""

    name: str
    content_type: str
    make: Callable[[Subject], bytes]
    content_encoding: str = ""
    # Whether it takes seconds.
    slow: bool = False
    # Bits of 256 by which the way itself changes the hash: dithering to black and white, for example.
    lossy: bool = False


@cache
def filler(number: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Draw a picture that is on no list, for the other frames of an animation."""
    return draw(600 + number, (320, 240)).resize(size)


def noise(length: int) -> bytes:
    """Return bytes that compress badly, the same on every run."""
    return random.Random(length).randbytes(length)


@cache
def _draw(seed: int) -> Image.Image:
    return draw(seed)
