"""What opens an object as a picture: Pillow with all its plugins, libvips, libheif and an SVG renderer."""

import io
import warnings
from collections.abc import Callable

import pi_heif
import pyvips
import resvg_py
from PIL import Image

# A canvas that a viewer may open, and that costs little here.
_MAX_PIXELS = 4_000_000
# libvips reads any two numbers at the beginning of a text as a matrix, which no viewer shows.
_NO_PICTURE_LOADERS = ("VipsForeignLoadMatrix", "VipsForeignLoadCsv")


def open_as_picture(data: bytes) -> str | None:
    """Return the name of the first viewer that shows the bytes as a picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return next((name for name, is_shown in _VIEWERS.items() if is_shown(data)), None)


def _is_shown_by_pillow(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                return True
            picture.load()
            return True
    # A decoder of hostile bytes may raise anything.
    except Exception:  # noqa: BLE001
        return False


def _is_shown_by_libvips(data: bytes) -> bool:
    try:
        picture = pyvips.Image.new_from_buffer(data, "", access="sequential")
        if picture.width * picture.height <= _MAX_PIXELS:
            picture.avg()
    except pyvips.Error:
        return False
    return True


def _is_shown_by_libheif(data: bytes) -> bool:
    try:
        return len(pi_heif.open_heif(io.BytesIO(data))) > 0
    except Exception:  # noqa: BLE001
        return False


def _is_shown_by_resvg(data: bytes) -> bool:
    for encoding in ("utf-8", "utf-16", "utf-32", "latin-1"):
        try:
            return bool(resvg_py.svg_to_bytes(svg_string=data.decode(encoding)))
        except (ValueError, UnicodeError):
            continue
    return False


_VIEWERS: dict[str, Callable[[bytes], bool]] = {
    "Pillow": _is_shown_by_pillow,
    "libvips": _is_shown_by_libvips,
    "libheif": _is_shown_by_libheif,
    "resvg": _is_shown_by_resvg,
}
