"""Decode the frames of an AVIF with the libavif that comes with Pillow, which itself holds a frame in three forms.

Here it stays in its planes, and its parts are converted one after the other.
"""

import ctypes
import functools
import weakref
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import ClassVar

from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.bundled_library import Signature, load_bundled

# The layout of its structures is that of libavif 1.
_MAJOR_VERSION = b"1."
_SUCCESS, _OUT_OF_MEMORY = 0, 26
# AVIF_STRICT_PIXI_REQUIRED and AVIF_STRICT_CLAP_VALID, which browsers do without.
_STRICTER_THAN_BROWSERS = 3
# libavif's AVIF_RGB_FORMAT_RGB and AVIF_RGB_FORMAT_RGBA.
_FORMATS = {"RGB": 0, "RGBA": 1}


class _Decoder(ctypes.Structure):
    """The beginning of libavif's `avifDecoder`."""

    _fields_: ClassVar = [
        *((name, c_int) for name in ("codec", "threads", "source", "progressive", "incremental", "no_exif", "no_xmp")),
        *((name, c_uint32) for name in ("max_pixels", "max_side", "max_frames", "strict_flags")),
        ("image", c_void_p),
    ]


class _Sides(ctypes.Structure):
    """The beginning of libavif's `avifImage`."""

    _fields_: ClassVar = [("width", c_uint32), ("height", c_uint32)]


class _Rectangle(ctypes.Structure):
    """libavif's `avifCropRect`."""

    _fields_: ClassVar = [(name, c_uint32) for name in ("x", "y", "width", "height")]


class _Pixels(ctypes.Structure):
    """libavif's `avifRGBImage`, and room for what later versions add."""

    _fields_: ClassVar = [
        *((name, c_uint32) for name in ("width", "height", "depth")),
        *((name, c_int) for name in ("format", "upsampling", "downsampling", "own_ways", "no_alpha", "premultiplied")),
        *((name, c_int) for name in ("is_float", "threads")),
        ("pixels", c_void_p),
        ("row_bytes", c_uint32),
        ("later", c_uint64 * 8),
    ]


class AvifFile:
    """An open AVIF: one of its frames at a time, in parts."""

    def __init__(self, file: Path) -> None:
        """Open the file. Raises UnscannableError."""
        self._library = _load()
        self._decoder = self._library.avifDecoderCreate()
        if not self._decoder:
            raise MemoryError
        weakref.finalize(self, self._library.avifDecoderDestroy, self._decoder)
        self._decoder.contents.strict_flags &= ~_STRICTER_THAN_BROWSERS
        _check(self._library.avifDecoderSetIOFile(self._decoder, str(file).encode()))
        _check(self._library.avifDecoderParse(self._decoder))

    def decode(self, i: int) -> tuple[int, int]:
        """Decode the frame at `i`, and return its size in pixels. Raises UnscannableError."""
        _check(self._library.avifDecoderNthImage(self._decoder, i))
        sides = ctypes.cast(self._decoder.contents.image, POINTER(_Sides)).contents
        return sides.width, sides.height

    def convert(self, mode: str, part: tuple[int, int, int, int]) -> Image.Image:
        """Return a part (x, y, width, height; x and y are even) of the decoded frame, RGB or RGBA."""
        *_, width, height = part
        view = c_void_p(self._library.avifImageCreateEmpty())
        if not view:
            raise MemoryError
        try:
            _check(self._library.avifImageSetViewRect(view, self._decoder.contents.image, byref(_Rectangle(*part))))
            pixels = _Pixels()
            self._library.avifRGBImageSetDefaults(byref(pixels), view)
            pixels.format, pixels.depth, pixels.row_bytes = _FORMATS[mode], 8, width * len(mode)
            data = bytearray(pixels.row_bytes * height)
            pixels.pixels = ctypes.addressof((c_char * len(data)).from_buffer(data))
            _check(self._library.avifImageYUVToRGB(view, byref(pixels)))
        finally:
            self._library.avifImageDestroy(view)
        return Image.frombuffer(mode, (width, height), data, "raw", mode, 0, 1)


def _check(result: int) -> None:
    if result == _OUT_OF_MEMORY:
        raise UnscannableError("too-many-pixels")
    if result != _SUCCESS:
        raise UnscannableError("damaged")


@functools.cache
def _load() -> ctypes.CDLL:
    """Return libavif's functions. Raises UnscannableError where it is another one than the structures are for."""
    library = load_bundled("PIL._avif", _SIGNATURES, "format-avif")
    if not library.avifVersion().startswith(_MAJOR_VERSION):
        raise UnscannableError("format-avif")
    return library


_SIGNATURES: tuple[Signature, ...] = (
    ("avifVersion", c_char_p, []),
    ("avifDecoderCreate", POINTER(_Decoder), []),
    ("avifDecoderDestroy", None, [POINTER(_Decoder)]),
    ("avifDecoderSetIOFile", c_int, [POINTER(_Decoder), c_char_p]),
    ("avifDecoderParse", c_int, [POINTER(_Decoder)]),
    ("avifDecoderNthImage", c_int, [POINTER(_Decoder), c_uint32]),
    ("avifImageCreateEmpty", c_void_p, []),
    ("avifImageDestroy", None, [c_void_p]),
    ("avifImageSetViewRect", c_int, [c_void_p, c_void_p, POINTER(_Rectangle)]),
    ("avifRGBImageSetDefaults", None, [POINTER(_Pixels), c_void_p]),
    ("avifImageYUVToRGB", c_int, [c_void_p, POINTER(_Pixels)]),
)
