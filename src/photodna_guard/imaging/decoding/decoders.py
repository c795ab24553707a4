"""Which decoders a file type has, and a file -> its renditions by the first that takes it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.decoding import with_avif, with_heif, with_pillow, with_vips
from photodna_guard.imaging.decoding.frames import Frames
from photodna_guard.imaging.decoding.raw_tiff import has_raw_parts
from photodna_guard.imaging.decoding.renditions import make_renditions
from photodna_guard.imaging.render_protocol import RenderRequest

# A file, and whether a damaged frame is none -> its frames.
Decoder = Callable[[Path, bool], Frames]
_HEIF_TYPES = ("heic", "heif")


def prepare() -> None:
    """Load the libraries, and enable the named formats only."""
    with_vips.prepare()
    with_pillow.prepare()


def is_decoded(file_type: str) -> bool:
    """Return whether there is a decoder of that type."""
    return file_type in with_pillow.FORMATS or file_type in (*with_vips.FILE_TYPES, *_HEIF_TYPES)


def decode(file: Path, file_type: str, request: RenderRequest, inconclusive: str = "") -> RenditionSet:
    """Return the renditions by the first decoder that takes the file.

    `inconclusive`: why they prove nothing; they do not either where the file is damaged. Raises UnscannableError.
    """
    choices = _choose_decoders(file_type, _has_frames(file, file_type))
    if file_type == "tiff" and has_raw_parts(file):
        inconclusive = inconclusive or "format-raw"
    faults: list[str] = []
    for strict, open_file in product((True, False), choices):
        try:
            found = make_renditions(open_file(file, strict), request.max_frames, request.enlarge_from_pixels)
        except UnscannableError as error:
            faults.append(str(error))
            continue
        except MemoryError:
            faults.append("too-many-pixels")
            continue
        if not strict or not found.inconclusive:
            return replace(found, inconclusive=inconclusive or found.inconclusive or ("" if strict else faults[0]))
        faults.append(found.inconclusive)
    raise UnscannableError(faults[0])


def _has_frames(file: Path, file_type: str) -> bool:
    """Return whether a PNG or JPEG may have frames, of which libvips reads the first only."""
    mark = {"png": b"acTL", "jpeg": b"MPF\0"}.get(file_type)
    return mark is not None and mark in file.read_bytes()


def _choose_decoders(file_type: str, has_frames: bool) -> list[Decoder]:
    """Return the decoders of a type, in the order in which they are tried."""
    decoders: list[Decoder] = []
    if file_type in with_vips.FILE_TYPES and not has_frames:
        decoders.append(with_vips.open_file)
    if file_type == "jpeg" and not has_frames:
        decoders.append(with_vips.open_unended_jpeg)
    if file_type in _HEIF_TYPES:
        decoders.append(with_heif.open_file)
    if file_type == "avif":
        decoders.append(with_avif.open_file)
    if formats := with_pillow.FORMATS.get(file_type):
        decoders.append(partial(with_pillow.open_file, formats))
    return decoders
