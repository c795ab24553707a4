"""A fake of the renderer: what it finds in each file is planned by the file's bytes."""

from dataclasses import dataclass, field
from pathlib import Path

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, Rendition, RenditionSet
from tests.support.fakes.failing import Failing


@dataclass
class FakeRenderer(Failing):
    """Finds one rendition in each file, unless `found` says otherwise for its bytes."""

    found: dict[bytes, RenditionSet | NotAPicture | UnscannableError] = field(default_factory=dict)

    def render(self, file: Path, content_type: str, content_encoding: str) -> RenditionSet | NotAPicture:
        self.call("render")
        content = file.read_bytes()
        found = self.found.get(content, RenditionSet((Rendition(b"rendition of " + content),)))
        if isinstance(found, UnscannableError):
            raise found
        return found
