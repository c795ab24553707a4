"""Decode with Pillow: animations, and the formats that libvips does not read."""

import functools
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.colours import to_eight_bits, to_srgb, turn_upright
from photodna_guard.imaging.decoding.frames import Frame, Frames
from photodna_guard.imaging.decoding.png_gamma import read_png_gamma
from photodna_guard.imaging.decoding.reducing import reduce_image
from photodna_guard.imaging.decoding.sizes import check_size, check_way, choose_longer_side

# File type -> Pillow's formats. No other is enabled.
FORMATS = {
    "jpeg": ("JPEG", "MPO"),
    "png": ("PNG",),
    "gif": ("GIF",),
    "webp": ("WEBP",),
    "tiff": ("TIFF",),
    "bigtiff": ("TIFF",),
    "avif": ("AVIF",),
    "bmp": ("BMP",),
    "jp2": ("JPEG2000",),
    "psd": ("PSD",),
    "ico": ("ICO", "CUR"),
    "icns": ("ICNS",),
    "pnm": ("PPM",),
    "tga": ("TGA",),
    "pcx": ("PCX",),
    "dds": ("DDS",),
    "sgi": ("SGI",),
    "sun": ("SUN",),
    "qoi": ("QOI",),
    "xbm": ("XBM",),
    "xpm": ("XPM",),
    "fits": ("FITS",),
}
# Of what has no magic bytes of its own.
UNRECOGNISED_FORMATS = ("TGA", "PCX", "DIB")
# Pillow holds a whole frame, four bytes a pixel, and often twice.
MAX_PIXELS = 70_000_000


def prepare() -> None:
    """Load the plugins. The limits of pixels are this module's own."""
    Image.init()
    Image.MAX_IMAGE_PIXELS = None


def open_file(formats: tuple[str, ...], file: Path, strict: bool) -> Frames:
    """Return the file's frames. `strict`: a damaged frame is none. Raises UnscannableError for no such format."""
    ImageFile.LOAD_TRUNCATED_IMAGES = not strict
    try:
        image = Image.open(file, formats=formats)
        # A PSD's layers are hidden or shown by its own rules: its first frame is the whole picture.
        total = 1 if image.format in ("PSD", "FITS") else getattr(image, "n_frames", 1)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - Pillow's plugins raise whatever they meet in hostile bytes
        raise UnscannableError("damaged") from None
    check_size(image.size, MAX_PIXELS)
    if image.format == "ICO":
        return _list_icons(image)
    if image.format != "TIFF":
        check_way(total, image.size)
    return Frames(total, functools.partial(_read_frame, image, read_png_gamma(file)))


def _list_icons(image: Any) -> Frames:
    entries = image.ico.entry
    return Frames(len(entries), lambda i: _reduce(image.ico.frame(i)))


def _read_frame(image: Image.Image, gamma: float | None, i: int) -> Frame:
    if i:
        image.seek(i)
    check_size(image.size, MAX_PIXELS)
    return _reduce(image, gamma)


def _reduce(image: Image.Image, gamma: float | None = None) -> Frame:
    """Return the current frame, decoded, reduced, in sRGB and upright."""
    size = image.size
    side = choose_longer_side(size)
    # A JPEG is decoded at a fraction of its size, where that is enough.
    image.draft(None, (side, side))
    if image.format == "JPEG2000":
        # Each level that is left out halves the sides. Writers make five of them by default.
        image.reduce = min(max(size) // side, 16).bit_length() - 1  # type: ignore[assignment,method-assign]
    exif, icc_profile = image.getexif(), image.info.get("icc_profile")
    reduced = reduce_image(to_eight_bits(image), side)
    reduced = to_srgb(reduced, icc_profile)
    reduced.getexif().update(exif)
    return Frame(turn_upright(reduced), size, gamma)
