"""Predicts the status of a user's file from Pillow and the service's limits, independently of the application."""

import os
import struct
import warnings
import zlib
from pathlib import Path

from PIL import Image

from local.demo.picture import CLEAN, SKIPPED, UNSCANNABLE

# MPO is a phone's JPEG with a second JPEG after it.
_SUPPORTED_FORMATS = frozenset({"JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF"})
_MIN_SIDE_PIXELS = 160
# The service's limit of "4 MB" may mean either.
_MAX_ACCEPTED_BYTES, _MAX_POSSIBLE_BYTES = 4_000_000, 4 * 1024 * 1024
# Above this, one decoder may refuse what another accepts.
_MAX_CERTAIN_PIXELS = 50_000_000
# Pillow's decoders raise these errors on damaged files.
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
    """Return the final statuses that are right for a file that is not a match.

    Raises OSError if the file cannot be read.
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
    """Tell whether Pillow decodes the whole picture."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            image.load()
    except _DECODER_ERRORS as error:
        _raise_system_error(error)
        return False
    return True


def _read_header(path: Path) -> tuple[str, int, int]:
    """Return the format, width and height. The format is "" if Pillow does not know it."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            return image.format or "", *image.size
    except Image.DecompressionBombError:
        return "too many pixels", 0, 0
    except _DECODER_ERRORS as error:
        _raise_system_error(error)
        return "", 0, 0


def _raise_system_error(error: Exception) -> None:
    """Raise an error of the operating system, which has a number: it tells nothing about the picture."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
