"""A JPEG that is cut off proves nothing; one that lacks its end marker alone has all its pixels."""

import pytest

from local.pictures import draw, encode
from photodna_guard.domain.renditions import RenditionSet
from tests.imaging.conftest import Render
from tests.imaging.variants.variant import Subject

JPEGS = {
    "baseline": encode(draw(500), "JPEG"),
    "progressive": encode(draw(500), "JPEG", progressive=True),
    "restarts": encode(draw(500), "JPEG", restart_marker_rows=2),
    "arithmetic": Subject(500).coded("-arithmetic.jpg"),
}


def inconclusive(render: Render, content: bytes) -> str:
    found = render(content, "image/jpeg")
    assert isinstance(found, RenditionSet)
    return found.inconclusive


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_jpeg_that_is_cut_off_is_inconclusive(render: Render, name: str, kept: float) -> None:
    assert inconclusive(render, JPEGS[name][: int(len(JPEGS[name]) * kept)]) == "damaged"


@pytest.mark.parametrize("name", ["baseline", "progressive", "restarts"])
@pytest.mark.parametrize("end", [b"", bytes(100)], ids=["nothing", "zero bytes"])
def test_jpeg_without_its_end_marker_is_conclusive(render: Render, name: str, end: bytes) -> None:
    assert inconclusive(render, JPEGS[name][:-2] + end) == ""
