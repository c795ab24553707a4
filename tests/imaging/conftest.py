"""One renderer for all tests of a process: its child starts once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging.renderer import Renderer

MAX_FRAMES, ENLARGE_FROM = 5, 50
Render = Callable[..., RenditionSet | NotAPicture]


@pytest.fixture(scope="session")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer(MAX_FRAMES, ENLARGE_FROM)
    yield renderer
    renderer.close()


@pytest.fixture
def render(renderer: Renderer, tmp_path: Path) -> Render:
    """Return a function that renders an object's bytes."""

    def render(content: bytes, content_type: str = "", content_encoding: str = "") -> RenditionSet | NotAPicture:
        file = tmp_path / "object"
        file.write_bytes(content)
        return renderer.render(file, content_type, content_encoding)

    return render
