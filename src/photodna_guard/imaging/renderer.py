"""Stand-in until the renderer is merged."""

from pathlib import Path

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet


class Renderer:
    """Renders nothing yet."""

    def __init__(self, max_frames: int, min_side: int) -> None:
        self._max_frames, self._min_side = max_frames, min_side

    def render(self, file: Path, content_type: str, content_encoding: str) -> RenditionSet | NotAPicture:
        """Raise UnscannableError."""
        raise UnscannableError("not-rendered")
