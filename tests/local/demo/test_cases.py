"""The pictures that the demo draws."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from local.demo.cases import draw_picture_set
from local.demo.oracle import expected_statuses
from local.demo.picture import QUARANTINED, Picture, PictureSet
from local.match.fingerprint import fingerprint
from local.match.hash_list import THRESHOLD
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.renderer import Renderer

# What the service does not get as it is stored, so that Pillow alone may show another picture.
RENDERED = ("rendition/", "disguise/")


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    return draw_picture_set()


@pytest.fixture(scope="module")
def known(pictures: PictureSet) -> list[int]:
    """All hashes of the listed pictures, turned and mirrored too."""
    return [one for listed in pictures.listed for one in fingerprint(_rgb(listed.content)).hashes]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer(max_frames=5, enlarge_from_pixels=50)
    yield renderer
    renderer.close()


def test_the_set_holds_every_verdict_often_enough(pictures: PictureSet) -> None:
    counts = Counter(status for picture in pictures.pictures for status in picture.expected)

    assert len(pictures.pictures) >= 60
    assert counts["CLEAN"] >= 20
    assert counts["QUARANTINED"] >= 15
    assert counts["UNSCANNABLE"] >= 10
    assert counts["SKIPPED"] >= 5


def test_every_key_is_one_that_s3_takes(pictures: PictureSet) -> None:
    assert all(1 <= len(picture.key.encode()) <= 1024 for picture in pictures.pictures)
    assert max(len(picture.key) for picture in pictures.pictures) == 1000


def test_key_and_kind_together_name_one_picture(pictures: PictureSet) -> None:
    names = [(picture.key, picture.kind) for picture in pictures.pictures]

    assert len(set(names)) == len(names)


def test_every_match_is_within_the_threshold_of_a_listed_picture(
    pictures: PictureSet, known: list[int], renderer: Renderer, tmp_path: Path
) -> None:
    matches = [picture for picture in pictures.pictures if picture.expected == QUARANTINED]

    too_far = {one.key for one in matches if _distance(_look(one, renderer, tmp_path), known) > THRESHOLD - 5}

    assert not too_far


def test_every_clean_picture_is_far_from_all_listed_ones(
    pictures: PictureSet, known: list[int], renderer: Renderer, tmp_path: Path
) -> None:
    clean = [picture for picture in pictures.pictures if "CLEAN" in picture.expected]

    too_near = {one.key for one in clean if _distance(_look(one, renderer, tmp_path), known) < THRESHOLD + 25}

    assert not too_near


def test_the_independent_oracle_expects_the_same(pictures: PictureSet, tmp_path: Path) -> None:
    differing = []
    # The oracle looks at files, which have no Content-Encoding.
    for picture in (one for one in pictures.pictures if not one.content_encoding):
        (tmp_path / "file").write_bytes(_content(picture))
        wanted = frozenset({"CLEAN"}) if picture.expected == QUARANTINED else picture.expected
        if not wanted & expected_statuses(tmp_path / "file", picture.content_type):
            differing.append(picture.key)

    assert not differing


def _content(picture: Picture) -> bytes:
    with picture.open() as stream:
        return stream.read()


def _look(picture: Picture, renderer: Renderer, tmp_path: Path) -> list[bytes]:
    """Return what the service gets of a picture."""
    if not picture.key.startswith(RENDERED):
        return [_content(picture)]
    file = tmp_path / "file"
    file.write_bytes(_content(picture))
    found = renderer.render(file, picture.content_type, picture.content_encoding)
    assert isinstance(found, RenditionSet), picture.key
    assert not found.inconclusive, picture.key
    return [one.content for one in found.renditions]


def _distance(contents: list[bytes], known: list[int]) -> int:
    hashes = (fingerprint(_rgb(content)).hashes[0] for content in contents)
    return min((wanted ^ one).bit_count() for wanted in hashes for one in known)


def _rgb(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:
        return image.convert("RGB")
