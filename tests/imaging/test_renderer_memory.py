"""The memory of the renderer's child: pictures of 50 megapixels stay within what the function has beside itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.pictures import draw
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.renderer import Renderer
from tests.imaging.child_usage import read_peak
from tests.imaging.conftest import ENLARGE_FROM, MAX_FRAMES
from tests.imaging.variants.heif_file import HeifFile, read_coded
from tests.imaging.variants.variant import LISTED_SEED, Subject

# The function itself has some 100 MB, and both together less than 350.
MAX_CHILD_MEGABYTES = 250


def write_heic(file: Path) -> None:
    """Write 26 x 26 tiles of 320 x 240 pixels."""
    heif, tiles = HeifFile(), read_coded(Subject(LISTED_SEED).coded("-tiles.heic"))
    items = tuple(heif.add(tiles[place % 4], hidden=True) for place in range(26 * 26))
    file.write_bytes(heif.to_bytes(heif.add_grid(items, (26, 26), (320 * 26, 240 * 26))))


def write_avif(file: Path) -> None:
    draw(5, (2000, 1500)).resize((8000, 6000)).save(file, "AVIF", speed=10)


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_heic, write_avif])
def test_large_picture_is_rendered_within_the_memory(write: Callable[[Path], None], tmp_path: Path) -> None:
    file = tmp_path / "object"
    write(file)
    renderer = Renderer(MAX_FRAMES, ENLARGE_FROM)
    found = renderer.render(file, "", "")
    assert renderer.process_id is not None
    peak = read_peak(renderer.process_id)
    renderer.close()
    assert isinstance(found, RenditionSet)
    assert found.inconclusive == ""
    assert peak < MAX_CHILD_MEGABYTES
