"""One cloud for each module of fault tests; and what they counted, in build/faults and at the end of the run."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import cloud as clouds
from tests.faults.counts import FOLDER, Counts, in_words
from tests.faults.world import World

_BEGAN = time.time()


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Begin it anew before each run."""
    with clouds.running() as cloud:
        yield World(cloud)


@pytest.fixture(scope="module")
def counts(request: pytest.FixtureRequest, world: World) -> Iterator[Counts]:
    """What this module has counted, written down at its end."""
    counted = Counts()
    yield counted
    FOLDER.mkdir(parents=True, exist_ok=True)
    place = FOLDER / f"{Path(str(request.path)).stem}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json"
    place.write_text(json.dumps(counted.as_json(world.calls), indent=1) + "\n")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How much was tried in this run."""
    fresh = [place for place in sorted(FOLDER.glob("*.json")) if place.stat().st_mtime >= _BEGAN]
    if fresh and not hasattr(terminalreporter.config, "workerinput"):
        terminalreporter.section("fault tests")
        for line in in_words([json.loads(place.read_text()) for place in fresh]):
            terminalreporter.line(line)
