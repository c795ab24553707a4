"""Predicts the status of a user's file from Pillow and the service's limits, independently of the application."""

import os
import struct
import warnings
import zlib
from pathlib import Path

import pi_heif
from PIL import Image

from local.demo.picture import CLEAN, SKIPPED, UNSCANNABLE

# MPO is a phone's JPEG with a second JPEG after it.
DECODED_FORMATS = {
    "JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF", "JPEG2000", "PSD", "ICO", "CUR", "ICNS",
    "PPM", "TGA", "PCX", "DDS", "SGI", "SUN", "QOI", "FITS",
}  # fmt: skip
# From this side on, the application enlarges what is too small for the service.
_MIN_SIDE_PIXELS = 50
# Above this, one decoder may refuse what another accepts.
MAX_CERTAIN_PIXELS = 50_000_000
# What a picture begins with that is stored as base64 text, behind other bytes or within another file.
_HIDDEN_PICTURES = (b"\xff\xd8\xff", b"ftyp", b"data:", b"/9j/", b"iVBORw0KGgo", b"R0lGOD", b"UklGR", b"AAAA")
# What an ordinary text may begin like.
_WEAK_FORMATS = ("PPM", "TGA", "PCX")
# The names of types whose files browsers show as a page or a document, whatever they hold.
_SHOWN_OTHERWISE = ("html", "xml", "pdf", "postscript", "rtf")
# Pillow's decoders raise these errors on damaged files.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


# Pillow itself does not read HEIC.
pi_heif.register_heif_opener()


def expected_statuses(path: Path, content_type: str = "") -> frozenset[str]:
    """Return the final statuses that are right for a file that is not a match.

    Raises OSError if the file cannot be read.
    """
    size = os.path.getsize(path)
    if size == 0:
        return SKIPPED
    kind, width, height = _read_header(path)
    if kind not in DECODED_FORMATS or (kind in _WEAK_FORMATS and not is_decodable(path)):
        return (SKIPPED | UNSCANNABLE | CLEAN) if _may_hide_picture(path) else (SKIPPED | UNSCANNABLE)
    if min(width, height) < _MIN_SIDE_PIXELS or any(name in content_type for name in _SHOWN_OTHERWISE):
        return UNSCANNABLE
    if width * height > MAX_CERTAIN_PIXELS:
        return CLEAN | UNSCANNABLE
    return CLEAN if is_decodable(path) else UNSCANNABLE


def _may_hide_picture(path: Path) -> bool:
    content = path.read_bytes()
    return any(beginning in content for beginning in _HIDDEN_PICTURES)


def is_decodable(path: Path) -> bool:
    """Tell whether Pillow decodes the whole picture."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            image.load()
    except DECODER_ERRORS as error:
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
    except DECODER_ERRORS as error:
        _raise_system_error(error)
        return "", 0, 0


def _raise_system_error(error: Exception) -> None:
    """Raise an error of the operating system, which has a number: it tells nothing about the picture."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
