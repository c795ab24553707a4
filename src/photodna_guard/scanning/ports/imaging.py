"""The scanner's view of what looks at a whole object."""

from pathlib import Path
from typing import Protocol

from photodna_guard.domain.renditions import NotAPicture, RenditionSet


class Renderer(Protocol):
    """Makes renditions of an object, in a process with limits."""

    def render(self, file: Path, content_type: str, content_encoding: str) -> RenditionSet | NotAPicture:
        """Return the renditions of the object that stands in `file`, or that it is no picture.

        Raises UnscannableError, whose text says why it cannot be decoded, and RetryableError where the process failed.
        """
        ...
