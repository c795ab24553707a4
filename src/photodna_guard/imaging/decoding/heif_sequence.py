"""The frames of a HEIF image sequence, with the libheif that comes with pi-heif, which itself reads stills only."""

import ctypes
import mmap
import weakref
from ctypes import byref, c_size_t, c_void_p
from pathlib import Path

from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.libheif import load_libheif

# libheif's heif_colorspace_RGB, heif_chroma_interleaved_RGB and heif_channel_interleaved.
_RGB, _INTERLEAVED_RGB, _CHANNEL_INTERLEAVED = 1, 10, 10
# Every frame before one that is looked at has to be decoded.
MAX_FRAMES = 600


class HeifSequence:
    """The first visual track of a file. Frames are read in rising order."""

    def __init__(self, file: Path) -> None:
        """Open the file. Raises UnscannableError where it has no sequence, or one that is too long."""
        self.total = _count_samples(file)
        if self.total > MAX_FRAMES:
            raise UnscannableError("too-many-frames")
        self._library, self._next = load_libheif(), 0
        self._context = c_void_p(self._library.heif_context_alloc())
        weakref.finalize(self, self._library.heif_context_free, self._context)
        opened = self._library.heif_context_read_from_file(self._context, str(file).encode(), None)
        if opened.code or not self.total or not self._library.heif_context_has_sequence(self._context):
            raise UnscannableError("damaged")
        self._track = c_void_p(self._library.heif_context_get_track(self._context, 0))
        if not self._track:
            raise UnscannableError("damaged")
        # It runs before the context's, which was registered first.
        weakref.finalize(self, self._library.heif_track_release, self._track)

    def read(self, i: int) -> Image.Image:
        """Return the frame at `i`, RGB. Raises UnscannableError."""
        while True:
            decoded = c_void_p()
            error = self._library.heif_track_decode_next_image(
                self._track, byref(decoded), _RGB, _INTERLEAVED_RGB, None
            )
            if error.code or not decoded:
                raise UnscannableError("damaged")
            self._next += 1
            try:
                if self._next > i:
                    return self._copy(decoded)
            finally:
                self._library.heif_image_release(decoded)

    def _copy(self, decoded: c_void_p) -> Image.Image:
        size = tuple(
            int(side(decoded, _CHANNEL_INTERLEAVED))
            for side in (self._library.heif_image_get_width, self._library.heif_image_get_height)
        )
        stride = c_size_t()
        plane = self._library.heif_image_get_plane_readonly2(decoded, _CHANNEL_INTERLEAVED, byref(stride))
        if not plane or min(size) < 1 or stride.value < 3 * size[0]:
            raise UnscannableError("damaged")
        data = ctypes.string_at(plane, stride.value * size[1])
        return Image.frombytes("RGB", (size[0], size[1]), data, "raw", "RGB", stride.value)


def _count_samples(file: Path) -> int:
    """Return the number of samples that the first sample table states; 0 where there is none."""
    with file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(b"stsz")
        return int.from_bytes(content[at + 12 : at + 16], "big") if at >= 0 else 0
