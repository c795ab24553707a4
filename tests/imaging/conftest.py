"""The renderer with its child, one for all tests of a process, and the examination without a child."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging import examination
from photodna_guard.imaging.render_protocol import RenderRequest
from photodna_guard.imaging.renderer import Renderer

MAX_FRAMES, ENLARGE_FROM = 5, 50
Render = Callable[..., RenditionSet | NotAPicture]


@pytest.fixture(autouse=True)
def pillow_switches() -> Iterator[None]:
    """Leave Pillow's switches as they were: they are for the whole process, and the examination sets them."""
    kept = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    yield
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = kept


@pytest.fixture(scope="session")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer(MAX_FRAMES, ENLARGE_FROM)
    yield renderer
    renderer.close()


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Return a function that does in this process what the child does with an object's bytes."""

    def render(content: bytes, content_type: str = "", content_encoding: str = "") -> RenditionSet | NotAPicture:
        file = tmp_path / "object"
        file.write_bytes(content)
        request = RenderRequest(str(file), content_type, content_encoding, MAX_FRAMES, ENLARGE_FROM)
        try:
            return examination.examine(file, request)
        except (UnscannableError, MemoryError):
            raise
        except Exception as error:
            raise UnscannableError("damaged") from error

    examination.prepare()
    return render
