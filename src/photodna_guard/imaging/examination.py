"""Look at a whole object, in the renderer's child: no picture, or the renditions of what viewers show of it.

undo the Content-Encodings that viewers undo
a picture at its own place          -> decode it
base64 text, a data: URL            -> look at the bytes within
document, video, audio, archive     -> no request
plain text, seen to its end         -> no request, and readable
a JPEG behind other bytes           -> decode it
"""

import mmap
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging.content_encoding import TooLargeError, is_too_deep, undo, undone_by_viewers
from photodna_guard.imaging.decoding import decoders
from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.other_types import detect_other
from photodna_guard.imaging.render_protocol import RenderRequest
from photodna_guard.imaging.text import classify_text
from photodna_guard.imaging.triage import HEAD_BYTES, shows_something_else
from photodna_guard.imaging.wrapping import CONCLUSIVE_OFFSET_BYTES, find_jpeg, is_wrapped, unwrap

# Of what comes out of an encoding.
MAX_UNDONE_BYTES = 200 * 1024 * 1024
# Pictures that are looked for in a format that nothing here decodes.
_MAX_PREVIEWS = 5
_PIECE_BYTES = 64 * 1024
_READABLE = ("empty", "not-an-image")

prepare = decoders.prepare


def examine(file: Path, request: RenderRequest) -> RenditionSet | NotAPicture:
    """Return what the file is. Raises UnscannableError where it may be a picture that nothing here decodes."""
    with TemporaryDirectory(prefix="photodna-guard-") as directory:
        examination = _Examination(Path(directory), request)
        found = examination.look(examination.undo_encodings(file))
        # What is readable must show no picture to a viewer that undoes no encoding, either.
        is_readable = isinstance(found, NotAPicture) and found.reason in _READABLE
        return examination.look_at_stored(file, found) if is_readable and examination.has_undone else found


class _Examination:
    """One object, and the files that were made of it."""

    def __init__(self, directory: Path, request: RenderRequest) -> None:
        self._directory, self._request, self._files = directory, request, 0
        self.has_undone, self._is_whole = False, True

    def undo_encodings(self, file: Path) -> Path:
        """Return a file of what viewers see. Bytes that are not in the encoding that is named they see as they are."""
        header = self._request.content_encoding
        if is_too_deep(header):
            raise UnscannableError("content-encoding")
        for encoding in undone_by_viewers(header):
            undone = self._new_file()
            try:
                with file.open("rb") as source, undone.open("wb") as target:
                    length, is_whole = undo(encoding, source, target, MAX_UNDONE_BYTES)
            except TooLargeError:
                raise UnscannableError("too-large") from None
            self.has_undone |= length > 0
            self._is_whole &= is_whole
            file = undone if length else file
        return file

    def look_at_stored(self, file: Path, found: RenditionSet | NotAPicture) -> RenditionSet | NotAPicture:
        """Return what was found within, or what the stored bytes are if these may be a picture themselves."""
        with file.open("rb") as source:
            head = source.read(HEAD_BYTES)
        is_picture = detect_type(head) is not None or find_jpeg(head[: 2 * CONCLUSIVE_OFFSET_BYTES]) is not None
        return self.look(file) if is_picture or not self._is_whole else found

    def look(self, file: Path, is_within: bool = False) -> RenditionSet | NotAPicture:
        """Return what a file is. `is_within`: it was wrapped in another one."""
        with file.open("rb") as source:
            head = source.read(HEAD_BYTES)
        if not head:
            return NotAPicture("empty")
        if file_type := detect_type(head):
            return self._decode(file, file_type)
        if not is_within and is_wrapped(head):
            return self._look_within(file)
        content_type = self._request.content_type
        if kind := detect_other(head) or classify_text(_iter_pieces(file), content_type):
            return NotAPicture(kind)
        return self._find_picture(file)

    def _decode(self, file: Path, file_type: str) -> RenditionSet:
        """Decode a picture. Where a Content-Type makes browsers show something else, it proves nothing."""
        inconclusive = "content-type" if shows_something_else(self._request.content_type) else ""
        if decoders.is_decoded(file_type):
            return decoders.decode(file, file_type, self._request, inconclusive)
        return self._decode_previews(file, f"format-{file_type}")

    def _look_within(self, file: Path) -> RenditionSet | NotAPicture:
        within = self._new_file()
        _write(within, unwrap(_iter_pieces(file)))
        found = self.look(within, is_within=True)
        # Behind the picture there may be markup, by which a browser shows another one.
        if isinstance(found, NotAPicture) or any(b"<" in piece for piece in _iter_pieces(file)):
            return (
                NotAPicture("document") if isinstance(found, NotAPicture) else replace(found, inconclusive="document")
            )
        return found

    def _find_picture(self, file: Path) -> RenditionSet:
        """Decode the JPEG in a file of no known type. One that begins far into it may be a preview."""
        with file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
            offset = find_jpeg(content)
        if offset is None:
            raise UnscannableError("unrecognised")
        if offset > CONCLUSIVE_OFFSET_BYTES:
            return self._decode_previews(file, "unrecognised")
        return self._decode(self._cut(file, offset), "jpeg")

    def _decode_previews(self, file: Path, reason: str) -> RenditionSet:
        """Decode the JPEGs within a file: a match counts, and no match proves nothing, for the `reason`."""
        found: list[RenditionSet] = []
        for offset in self._list_jpegs(file):
            try:
                found.append(decoders.decode(self._cut(file, offset), "jpeg", self._request, reason))
            except UnscannableError:
                continue
        renditions = tuple(one for preview in found for one in preview.renditions)
        if not renditions:
            raise UnscannableError(reason)
        return RenditionSet(renditions, len(found), len(found), reason)

    def _list_jpegs(self, file: Path) -> list[int]:
        offsets: list[int] = []
        with file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = find_jpeg(content)
            while at is not None and len(offsets) < _MAX_PREVIEWS:
                offsets.append(at)
                at = find_jpeg(content, at + 2)
        return offsets

    def _cut(self, file: Path, offset: int) -> Path:
        rest = self._new_file()
        with file.open("rb") as source, rest.open("wb") as target:
            source.seek(offset)
            shutil.copyfileobj(source, target)
        return rest

    def _new_file(self) -> Path:
        self._files += 1
        return self._directory / str(self._files)


def _iter_pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(_PIECE_BYTES):
            yield piece


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    with file.open("wb") as target:
        target.writelines(pieces)
