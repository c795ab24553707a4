"""Decodes bytes to a picture that is small enough to hash, or refuses them with the service's status code."""

import struct
import warnings
import zlib
from io import BytesIO

from PIL import Image

from local.match.answers import NOT_AN_IMAGE, SIZE_NOT_ALLOWED, RefusalError

MAX_BYTES = 4 * 1024 * 1024
MIN_SIDE = 160
TYPES = ("GIF", "JPEG", "PNG", "BMP", "TIFF")
# The hash samples 64 x 64 pixels. Eight times that loses nothing, and a JPEG decoder reduces to it while it decodes.
REDUCED_SIDE = 512  # pixels
# Pillow's decoders raise these errors on damaged files.
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

# `_open` refuses a picture that is too large, so Pillow's warning about it adds nothing.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def decode(picture: bytes) -> Image.Image:
    """Decode the first frame of a picture that the service accepts, reduced, as RGB.

    Raises RefusalError with 3206 or 3208.
    """
    if len(picture) > MAX_BYTES:
        raise RefusalError(SIZE_NOT_ALLOWED, f"The picture is larger than {MAX_BYTES} bytes")
    image = _open(picture, TYPES)
    if min(image.size) < MIN_SIDE:
        raise RefusalError(SIZE_NOT_ALLOWED, f"A side of the picture is shorter than {MIN_SIDE} pixels")
    return _load(image)


def decode_listed(picture: bytes) -> Image.Image:
    """Decode a picture for the hash list: as `decode`, but of any type, length and side that Pillow reads."""
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
