"""Decode JPEG, PNG, WebP and TIFF with libvips, in a stream, reduced while they are decoded."""

import functools
from pathlib import Path

import pyvips
from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.frames import Frame, Frames
from photodna_guard.imaging.decoding.png_gamma import read_png_gamma
from photodna_guard.imaging.decoding.sizes import check_size, choose_longer_side

FILE_TYPES = ("jpeg", "png", "webp", "tiff", "bigtiff")
_LOADERS = ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadTiff")
_JPEG_END = b"\xff\xd9"
# The decoder of arithmetic coding warns of nothing.
_ARITHMETIC_FRAMES = (b"\xff\xc9", b"\xff\xca")
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def prepare() -> None:
    """Permit the loaders of these formats and no others, and keep nothing of what was decoded."""
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(loader, False)
    pyvips.cache_set_max(0)


def open_file(file: Path, strict: bool) -> Frames:
    """Return the file's pages. `strict`: a damaged page is none. Raises UnscannableError."""
    fail_on = "error" if strict else "none"
    try:
        header = pyvips.Image.new_from_file(str(file), access="sequential", fail_on=fail_on)
    except pyvips.Error:
        raise UnscannableError("damaged") from None
    total = header.get("n-pages") if header.get_typeof("n-pages") else 1
    return Frames(total, functools.partial(_read_page, file, None if total > 1 else header, fail_on))


def open_unended_jpeg(file: Path, strict: bool) -> Frames:
    """Return the picture of a JPEG that lacks its end marker alone. Raises UnscannableError where pixels are missing.

    The decoders fill up what is cut off, and warn: nobody can tell what the missing part shows.
    """
    content = file.read_bytes().rstrip(b"\0") + _JPEG_END
    if not strict or any(marker in content for marker in _ARITHMETIC_FRAMES):
        raise UnscannableError("damaged")
    return Frames(1, lambda _: _read_ended(content))


def _read_ended(content: bytes) -> Frame:
    try:
        whole = pyvips.Image.new_from_buffer(content, "", access="sequential", fail_on="warning")
        size = (whole.width, whole.height)
        check_size(size)
        # The reduction ignores `fail_on`, so every pixel is decoded for it first.
        whole.avg()
        side = choose_longer_side(size)
        reduced = pyvips.Image.thumbnail_buffer(content, side, height=side, size="down", **choose_profile(whole))
        return Frame(to_pillow(reduced), size)
    except pyvips.Error:
        raise UnscannableError("damaged") from None


def _read_page(file: Path, only: pyvips.Image | None, fail_on: str, page: int) -> Frame:
    # A file of one page may be of a format whose loader knows no pages.
    option = f"[page={page}]" if only is None else ""
    try:
        header = only
        if header is None:
            header = pyvips.Image.new_from_file(f"{file}{option}", access="sequential", fail_on=fail_on)
        size = (header.width, header.height)
        check_size(size)
        side = choose_longer_side(size)
        reduced = pyvips.Image.thumbnail(
            f"{file}{option}", side, height=side, size="down", fail_on=fail_on, **choose_profile(header)
        )
        return Frame(to_pillow(reduced), size, read_png_gamma(file))
    except pyvips.Error as error:
        raise UnscannableError("too-many-pixels" if "out of memory" in str(error) else "damaged") from None


def choose_profile(image: pyvips.Image) -> dict[str, str]:
    """Return libvips' options for the reduction, with sRGB as profile unless the image is taken to have it already.

    libvips takes 90 ms to convert sRGB to sRGB.
    """
    is_srgb = image.interpretation in ("srgb", "b-w") and image.format == "uchar"
    return {} if is_srgb and not image.get_typeof("icc-profile-data") else {"output_profile": "srgb"}


def to_pillow(image: pyvips.Image) -> Image.Image:
    """Return a reduced image as one of Pillow's."""
    if image.format != "uchar" or image.bands not in _MODES:
        image = image.colourspace("srgb").cast("uchar")
    mode = _MODES[image.bands]
    return Image.frombytes(mode, (image.width, image.height), bytes(image.write_to_memory()))
