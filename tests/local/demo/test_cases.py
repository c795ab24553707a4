"""The pictures that the demo draws."""

from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from local.demo.cases import draw_picture_set
from local.demo.oracle import expected_statuses
from local.demo.picture import QUARANTINED, Picture, PictureSet
from local.match.fingerprint import fingerprint
from local.match.hash_list import THRESHOLD


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    return draw_picture_set()


@pytest.fixture(scope="module")
def known(pictures: PictureSet) -> list[int]:
    """All hashes of the listed pictures, turned and mirrored too."""
    return [one for listed in pictures.listed for one in fingerprint(_rgb(listed.content)).hashes]


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


def test_every_match_is_within_the_threshold_of_a_listed_picture(pictures: PictureSet, known: list[int]) -> None:
    matches = [picture for picture in pictures.pictures if picture.expected == QUARANTINED]

    too_far = {picture.key for picture in matches if _distance(picture, known) > THRESHOLD - 5}

    assert not too_far


def test_every_clean_picture_is_far_from_all_listed_ones(pictures: PictureSet, known: list[int]) -> None:
    clean = [picture for picture in pictures.pictures if "CLEAN" in picture.expected]

    too_near = {picture.key for picture in clean if _distance(picture, known) < THRESHOLD + 25}

    assert not too_near


def test_the_independent_oracle_expects_the_same(pictures: PictureSet, tmp_path: Path) -> None:
    differing = []
    for picture in pictures.pictures:
        (tmp_path / "file").write_bytes(_content(picture))
        wanted = frozenset({"CLEAN"}) if picture.expected == QUARANTINED else picture.expected
        if not wanted & expected_statuses(tmp_path / "file"):
            differing.append(picture.key)

    assert not differing


def _content(picture: Picture) -> bytes:
    with picture.open() as stream:
        return stream.read()


def _distance(picture: Picture, known: list[int]) -> int:
    wanted = fingerprint(_rgb(_content(picture))).hashes[0]
    return min((wanted ^ one).bit_count() for one in known)


def _rgb(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:
        return image.convert("RGB")
