"""Look at a whole object, in the renderer's child: no picture, or the renditions of what viewers show of it."""

from collections.abc import Callable
from pathlib import Path

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging.decoding import with_heif, with_pillow, with_vips
from photodna_guard.imaging.decoding.frames import Frames
from photodna_guard.imaging.decoding.renditions import make_renditions
from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.render_protocol import RenderRequest

_HEAD_BYTES = 65536


def prepare() -> None:
    """Load the libraries, and enable the named formats only."""
    with_vips.prepare()
    with_pillow.prepare()


def examine(file: Path, request: RenderRequest) -> RenditionSet | NotAPicture:
    """Return what the file is. Raises UnscannableError where it may be a picture that nothing here decodes."""
    with file.open("rb") as source:
        head = source.read(_HEAD_BYTES)
    file_type = detect_type(head)
    if file_type is None:
        raise UnscannableError("unrecognised")
    return _decode(file, file_type, request)


def _decode(file: Path, file_type: str, request: RenderRequest) -> RenditionSet:
    openers = _choose_openers(file_type, _has_frames(file, file_type))
    if not openers:
        raise UnscannableError(f"format-{file_type}")
    fault = UnscannableError("damaged")
    for open_file in openers:
        try:
            return make_renditions(open_file(file), request.max_frames, request.enlarge_from_pixels)
        except UnscannableError as error:
            fault = error
    raise fault


def _has_frames(file: Path, file_type: str) -> bool:
    """Return whether a PNG or JPEG may have frames, of which libvips reads the first only."""
    mark = {"png": b"acTL", "jpeg": b"MPF\0"}.get(file_type)
    return mark is not None and mark in file.read_bytes()


def _choose_openers(file_type: str, has_frames: bool) -> list[Callable[[Path], Frames]]:
    """Return the decoders of a type, the one that is tried first first."""
    openers: list[Callable[[Path], Frames]] = []
    if file_type in with_vips.FILE_TYPES and not has_frames:
        openers.append(with_vips.open_file)
    if file_type in ("heic", "heif"):
        openers.append(with_heif.open_file)
    if formats := with_pillow.FORMATS.get(file_type):
        openers.append(lambda file: with_pillow.open_file(file, formats))
    return openers
