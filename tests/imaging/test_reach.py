"""Every variant of a listed picture is found, and no variant of another one, by what the service gets of it."""

import pytest

from local.match.fingerprint import fingerprint
from local.match.hash_list import THRESHOLD
from tests.imaging.conftest import Render
from tests.imaging.looking import look
from tests.imaging.variants.every import VARIANTS
from tests.imaging.variants.variant import LISTED_SEED, OTHER_SEEDS, Subject, Variant

LISTED, OTHERS = Subject(LISTED_SEED), [Subject(seed) for seed in OTHER_SEEDS]
LISTED_HASH = fingerprint(LISTED.image).hashes[0]
# What a picture in few pixels or colours is farther away by.
LOSSY_THRESHOLD = 64  # bits
BY_NAME = {variant.name: variant for variant in VARIANTS}
QUICK = [variant.name for variant in VARIANTS if not variant.slow]
SLOW = [variant.name for variant in VARIANTS if variant.slow]


def assert_found(variant: Variant, render: Render) -> None:
    found = look(variant, LISTED, render)
    distance = found.distance(LISTED_HASH)
    assert distance <= (LOSSY_THRESHOLD if variant.lossy else THRESHOLD), (distance, found.reason)
    assert not found.inconclusive


def assert_not_found(variant: Variant, subject: Subject, render: Render) -> None:
    found = look(variant, subject, render)
    assert found.sent, found.reason
    assert not found.inconclusive
    assert found.distance(LISTED_HASH) > LOSSY_THRESHOLD


def test_there_are_enough_variants() -> None:
    assert len(VARIANTS) >= 60
    assert len(BY_NAME) == len(VARIANTS)
    assert len(VARIANTS) * len(OTHERS) >= 200


@pytest.mark.parametrize("name", QUICK)
def test_listed_picture_is_found(render: Render, name: str) -> None:
    assert_found(BY_NAME[name], render)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_large_listed_picture_is_found(render: Render, name: str) -> None:
    assert_found(BY_NAME[name], render)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_other_pictures_are_not_found(render: Render, name: str) -> None:
    for subject in OTHERS:
        assert_not_found(BY_NAME[name], subject, render)
