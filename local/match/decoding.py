"""From bytes to a picture small enough to hash, or the status code the service answers instead."""

import struct
import warnings
import zlib
from io import BytesIO

from PIL import Image

from local.match.answers import NOT_AN_IMAGE, SIZE_NOT_ALLOWED, RefusalError

MAX_BYTES = 4 * 1024 * 1024
MIN_SIDE = 160
TYPES = ("GIF", "JPEG", "PNG", "BMP", "TIFF")
# The hash looks at 64 x 64 samples. Eight times that loses nothing, and a JPEG decoder reduces to it on the way.
REDUCED_SIDE = 512
# What Pillow's decoders are known to raise on damaged files.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
)

# A picture beyond the limit is refused below; Pillow's warning about it would only be noise.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def decode(picture: bytes) -> Image.Image:
    """The first frame of what the service takes, reduced, as RGB. Raises RefusalError with 3206 or 3208."""
    if len(picture) > MAX_BYTES:
        raise RefusalError(SIZE_NOT_ALLOWED, f"The picture is larger than {MAX_BYTES} bytes")
    image = _open(picture, TYPES)
    if min(image.size) < MIN_SIDE:
        raise RefusalError(SIZE_NOT_ALLOWED, f"A side of the picture is shorter than {MIN_SIDE} pixels")
    return _load(image)


def decode_listed(picture: bytes) -> Image.Image:
    """As `decode`, for the list's own pictures: of any type, length and side that Pillow can read."""
    return _load(_open(picture, None))


def _open(picture: bytes, types: tuple[str, ...] | None) -> Image.Image:
    try:
        image = Image.open(BytesIO(picture), formats=types)
    except Image.DecompressionBombError as error:
        raise RefusalError(SIZE_NOT_ALLOWED, "The picture has too many pixels") from error
    except DAMAGED as error:
        raise RefusalError(NOT_AN_IMAGE, "The file is not a picture of an accepted type") from error
    if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        raise RefusalError(SIZE_NOT_ALLOWED, "The picture has too many pixels")
    return image


def _load(image: Image.Image) -> Image.Image:
    try:
        image.draft("RGB", (REDUCED_SIDE, REDUCED_SIDE))
        reduced = image.convert("RGB")
    except DAMAGED as error:
        raise RefusalError(NOT_AN_IMAGE, "The picture is damaged") from error
    reduced.thumbnail((REDUCED_SIDE, REDUCED_SIDE))
    return reduced
