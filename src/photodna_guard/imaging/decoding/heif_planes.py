"""Decode a large HEIF image to its planes, and reduce these before they become RGB.

libheif's own RGB of it would be in memory beside the planes, and take twice as much.
"""

import ctypes
import weakref
from ctypes import POINTER, byref, c_size_t, c_uint32, c_void_p
from typing import Any

from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.libheif import ColourProfile, load_libheif
from photodna_guard.imaging.decoding.reducing import reduce_image_to

# libheif's heif_colorspace_undefined and heif_chroma_undefined: as it is coded.
_AS_CODED = 99
_YCBCR, _CHANNELS = 0, (0, 1, 2)
# libheif's heif_error_Memory_allocation_error.
_OUT_OF_MEMORY = 6
# MatrixCoefficients of ITU-T H.273 that are those of JPEG: unspecified, BT.470 and BT.601.
_JPEG_MATRICES = (2, 5, 6)


class HeifPlanes:
    """An open HEIF, of which images are read reduced."""

    def __init__(self, content: bytes) -> None:
        """Open the file. Raises UnscannableError."""
        self._library, self._content = load_libheif(), content
        self._context = c_void_p(self._library.heif_context_alloc())
        weakref.finalize(self, self._library.heif_context_free, self._context)
        opened = self._library.heif_context_read_from_memory_without_copy(self._context, content, len(content), None)
        if opened.code:
            raise UnscannableError("damaged")
        total = self._library.heif_context_get_number_of_top_level_images(self._context)
        self._ids = (c_uint32 * total)()
        self._library.heif_context_get_list_of_top_level_image_IDs(self._context, self._ids, total)

    @property
    def total(self) -> int:
        """The number of top-level images."""
        return len(self._ids)

    def read(self, i: int, side: int) -> Image.Image | None:
        """Return the top-level image at `i`, upright, RGB, with `side` as its longer side.

        None for one of another coding than JPEG's YCbCr of 8 bits, or with transparency. Raises UnscannableError.
        """
        handle, image = c_void_p(), c_void_p()
        try:
            if self._library.heif_context_get_image_handle(self._context, self._ids[i], byref(handle)).code:
                raise UnscannableError("damaged")
            if self._library.heif_image_handle_has_alpha_channel(handle):
                return None
            decoded = self._library.heif_decode_image(handle, byref(image), _AS_CODED, _AS_CODED, None)
            if decoded.code:
                raise UnscannableError("too-many-pixels" if decoded.code == _OUT_OF_MEMORY else "damaged")
            return self._reduce(image, side)
        finally:
            self._library.heif_image_release(image)
            self._library.heif_image_handle_release(handle)

    def _reduce(self, image: c_void_p, side: int) -> Image.Image | None:
        is_ycbcr = self._library.heif_image_get_colorspace(image) == _YCBCR
        depths = {self._library.heif_image_get_bits_per_pixel_range(image, channel) for channel in _CHANNELS}
        if not is_ycbcr or depths != {8} or not self._is_coded_as_jpeg(image):
            return None
        planes = [self._view_plane(image, channel) for channel in _CHANNELS]
        width, height = planes[0].size
        scale = side / max(width, height)
        size = (round(width * scale), round(height * scale))
        return Image.merge("YCbCr", [reduce_image_to(plane, size) for plane in planes]).convert("RGB")

    def _view_plane(self, image: c_void_p, channel: int) -> Image.Image:
        """Return a plane without a copy of it: it ends with the image."""
        width, height = (
            int(side(image, channel))
            for side in (self._library.heif_image_get_width, self._library.heif_image_get_height)
        )
        stride = c_size_t()
        plane = self._library.heif_image_get_plane_readonly2(image, channel, byref(stride))
        if not plane or min(width, height) < 1 or stride.value < width:
            raise UnscannableError("damaged")
        data: Any = (ctypes.c_char * (stride.value * height)).from_address(plane)
        return Image.frombuffer("L", (width, height), data, "raw", "L", stride.value, 1)

    def _is_coded_as_jpeg(self, image: c_void_p) -> bool:
        """Return whether the planes have JPEG's matrix and range: libheif has converted them, unless they had."""
        profile = POINTER(ColourProfile)()
        if self._library.heif_image_get_nclx_color_profile(image, byref(profile)).code or not profile:
            return True
        try:
            return profile.contents.matrix in _JPEG_MATRICES and bool(profile.contents.is_full_range)
        finally:
            self._library.heif_nclx_color_profile_free(profile)
