"""What a user's own file should come to: judged by Pillow and the service's limits, not by the guard."""

import os
import struct
import warnings
import zlib
from pathlib import Path

from PIL import Image

from local.demo.picture import CLEAN, SKIPPED, UNSCANNABLE

_SUPPORTED_FORMATS = frozenset(
    {"JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF"}
)  # MPO: a phone's JPEG with a second one behind
_MIN_SIDE_PIXELS = 160
_MAX_ACCEPTED_BYTES, _MAX_POSSIBLE_BYTES = 4_000_000, 4 * 1024 * 1024  # bytes: "4 MB" may be either
_MAX_CERTAIN_PIXELS = 50_000_000  # pixels: above this a decoder may refuse what another takes
# What Pillow's readers are known to raise on damaged files.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def expected_statuses(path: Path) -> frozenset[str]:
    """The final statuses that are right for the file, as far as this is certain; matches apart.

    Raises OSError where the file cannot be read.
    """
    size = os.path.getsize(path)
    if size == 0:
        return SKIPPED
    kind, width, height = _read_header(path)
    if not kind:
        return SKIPPED | UNSCANNABLE
    if kind not in _SUPPORTED_FORMATS or min(width, height) < _MIN_SIDE_PIXELS or size > _MAX_POSSIBLE_BYTES:
        return UNSCANNABLE
    if size > _MAX_ACCEPTED_BYTES or width * height > _MAX_CERTAIN_PIXELS:
        return CLEAN | UNSCANNABLE
    return CLEAN if is_decodable(path) else UNSCANNABLE


def is_decodable(path: Path) -> bool:
    """Whether Pillow makes a whole picture of it."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            image.load()
    except _DECODER_ERRORS as error:
        return _no(error)
    return True


def _read_header(path: Path) -> tuple[str, int, int]:
    """Format, width and height; the format is "" where Pillow knows none."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            return image.format or "", *image.size
    except Image.DecompressionBombError:
        return "too many pixels", 0, 0
    except _DECODER_ERRORS as error:
        _no(error)
        return "", 0, 0


def _no(error: Exception) -> bool:
    """False; but an error of the system's, which has a number, says nothing of the picture and is raised."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    return False
