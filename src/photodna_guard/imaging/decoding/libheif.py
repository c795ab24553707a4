"""The functions of the libheif that comes with pi-heif, for what pi-heif itself does not do."""

import ctypes
import functools
from ctypes import POINTER, c_char_p, c_float, c_int, c_size_t, c_uint8, c_uint32, c_void_p
from typing import ClassVar

from photodna_guard.imaging.decoding.bundled_library import Signature, load_bundled


class HeifError(ctypes.Structure):
    """libheif's `heif_error`: zero is success."""

    _fields_: ClassVar = [("code", c_int), ("subcode", c_int), ("message", c_char_p)]


class ColourProfile(ctypes.Structure):
    """libheif's `heif_color_profile_nclx`."""

    _fields_: ClassVar = [
        ("version", c_uint8),
        *((name, c_int) for name in ("primaries", "transfer", "matrix")),
        ("is_full_range", c_uint8),
        ("chromaticities", c_float * 8),
    ]


@functools.cache
def load_libheif() -> ctypes.CDLL:
    """Return its functions. The extension module is linked with it, under a name that each release changes."""
    return load_bundled("_pi_heif", _SIGNATURES, "format-heif")


_OUT = POINTER(c_void_p)
_SIGNATURES: tuple[Signature, ...] = (
    ("heif_context_alloc", c_void_p, []),
    ("heif_context_free", None, [c_void_p]),
    ("heif_context_read_from_file", HeifError, [c_void_p, c_char_p, c_void_p]),
    ("heif_context_read_from_memory_without_copy", HeifError, [c_void_p, c_char_p, c_size_t, c_void_p]),
    ("heif_context_has_sequence", c_int, [c_void_p]),
    ("heif_context_get_track", c_void_p, [c_void_p, c_uint32]),
    ("heif_track_release", None, [c_void_p]),
    ("heif_track_decode_next_image", HeifError, [c_void_p, _OUT, c_int, c_int, c_void_p]),
    ("heif_context_get_number_of_top_level_images", c_int, [c_void_p]),
    ("heif_context_get_list_of_top_level_image_IDs", c_int, [c_void_p, POINTER(c_uint32), c_int]),
    ("heif_context_get_image_handle", HeifError, [c_void_p, c_uint32, _OUT]),
    ("heif_image_handle_has_alpha_channel", c_int, [c_void_p]),
    ("heif_image_handle_release", None, [c_void_p]),
    ("heif_decode_image", HeifError, [c_void_p, _OUT, c_int, c_int, c_void_p]),
    ("heif_image_get_colorspace", c_int, [c_void_p]),
    ("heif_image_get_bits_per_pixel_range", c_int, [c_void_p, c_int]),
    ("heif_image_get_nclx_color_profile", HeifError, [c_void_p, POINTER(POINTER(ColourProfile))]),
    ("heif_nclx_color_profile_free", None, [POINTER(ColourProfile)]),
    ("heif_image_get_width", c_int, [c_void_p, c_int]),
    ("heif_image_get_height", c_int, [c_void_p, c_int]),
    ("heif_image_get_plane_readonly2", c_void_p, [c_void_p, c_int, POINTER(c_size_t)]),
    ("heif_image_release", None, [c_void_p]),
)
