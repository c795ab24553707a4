"""Embedded clouds of these tests' own: what is refused here on purpose is no use of a permission by the application."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.aws import EmbeddedCloud
from local.aws.embedded import PERMISSIONS_DIR
from local.pictures import draw, encode
from tests.waiting import until


@pytest.fixture(scope="session")
def unrecorded() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(PERMISSIONS_DIR, raising=False)
        yield


@pytest.fixture(scope="session")
def cloud(unrecorded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    wide = {"RateMarginMs": "1000"}  # on a busy machine slots are missed; the rate is not the point here
    logs = tmp_path_factory.mktemp("gate")
    with EmbeddedCloud(rate=100, latency=0.0, parameters=wide, log_dir=logs, environments=2) as running:
        yield running


@pytest.fixture(scope="session")
def toy_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy")


@pytest.fixture(scope="session")
def toy(unrecorded: None, toy_logs: Path) -> Iterator[EmbeddedCloud]:
    template = Path(__file__).parent / "toy/template.yaml"
    with EmbeddedCloud(match_endpoint="http://127.0.0.1:9/Match", template=template, log_dir=toy_logs) as running:
        yield running


@pytest.fixture(scope="session")
def match(cloud: EmbeddedCloud) -> bytes:
    """A picture that the emulator knows."""
    picture = encode(draw(911), "JPEG")
    assert cloud.emulator
    cloud.emulator.add_to_test_list(picture, match_id="m-1", violations=["A1"])
    return picture


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return partial(until, seconds=60)
