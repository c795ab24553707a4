"""How far a picture is reduced or enlarged, and how large it may be. Pure."""

import math

from photodna_guard.domain.errors import UnscannableError

# Of the longer side of a rendition. A robust hash is made of a far smaller picture.
REDUCED_SIDE = 1024
# Of the shorter side: the service takes no smaller picture.
MIN_SIDE = 160
# Of the longer side of a narrow picture, whose shorter side has MIN_SIDE.
MAX_SIDE = 8192
MAX_PIXELS = 200_000_000

# Of all frames that are passed on the way to those that are looked at.
MAX_PIXELS_ON_THE_WAY = 400_000_000


def check_size(size: tuple[int, int], most: int = MAX_PIXELS) -> None:
    """Raise UnscannableError for a picture that is too large to be decoded, too narrow, or that has no pixels."""
    width, height = size
    if width < 1 or height < 1:
        raise UnscannableError("damaged")
    if width * height > most:
        raise UnscannableError("too-many-pixels")
    if max(size) * MIN_SIDE > min(size) * MAX_SIDE:
        raise UnscannableError("too-narrow")


def check_way(total: int, size: tuple[int, int]) -> None:
    """Raise UnscannableError for an animation of `total` frames that takes too long to be decoded to its end."""
    if total * size[0] * size[1] > MAX_PIXELS_ON_THE_WAY:
        raise UnscannableError("too-many-frames")


def choose_longer_side(size: tuple[int, int]) -> int:
    """Return the longer side, in pixels, to which a picture of this size is reduced. It is never enlarged here."""
    longer, shorter = max(size), min(size)
    if longer <= REDUCED_SIDE:
        return longer
    return min(longer, max(REDUCED_SIDE, math.ceil(longer * MIN_SIDE / shorter)))


def choose_enlarged_size(size: tuple[int, int], own: tuple[int, int], enlarge_from: int) -> tuple[int, int]:
    """Return the size of a rendition whose reduced picture has `size`. `own`: the picture's own size.

    Raises UnscannableError for a picture that is too small to be enlarged.
    """
    if min(own) < enlarge_from:
        raise UnscannableError("too-small")
    scale = max(1.0, MIN_SIDE / min(size))
    width, height = (max(MIN_SIDE, round(side * scale)) for side in size)
    return width, height
