"""The renderer of the fault tests: it knows what each of their uploads shows, and fails as a call does."""

from pathlib import Path
from typing import Any

from photodna_guard.domain.errors import RetryableError, UnscannableError
from photodna_guard.domain.renditions import NotAPicture, Rendition, RenditionSet
from tests.faults import pictures
from tests.faults.cloud import Cloud

CALL = "renderer.render"


class RecordedRenderer:
    """Gives the renditions of pictures.py by an object's bytes, in no time."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def render(self, file: Path, content_type: str, content_encoding: str) -> RenditionSet | NotAPicture:
        """Return what pictures.py has of the file's bytes; other bytes, which no user uploaded, show nothing."""
        found: Any = self._cloud.calls.make(CALL, lambda: _find(file.read_bytes()), lambda kind, _: _fail(kind))
        return found  # type: ignore[no-any-return]


def _find(content: bytes) -> RenditionSet | NotAPicture:
    # A download that is not whole must not come as far as this. Taken for text, it would be readable.
    name = pictures.NAME.get(pictures.sha256(content))
    if name is None:
        return NotAPicture("not-an-image")
    if name in pictures.UNDECODABLE:
        raise UnscannableError(pictures.UNDECODABLE[name])
    renditions = pictures.RENDITIONS[name]
    found = tuple(Rendition(one, frame) for frame, one in enumerate(renditions))
    return RenditionSet(found, len(found), len(found))


def _fail(kind: str) -> None:
    raise RetryableError(f"the renderer failed: {kind}")
