"""One cloud for each module of fault tests; and what they counted, in build/faults."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photodna_guard.aws import result_item, unsettled_index
from tests.faults import cloud as clouds
from tests.faults.counts import FOLDER, Counts
from tests.faults.world import World


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Run one cloud for the module. A test begins its world anew before each run."""
    with clouds.running() as cloud, pytest.MonkeyPatch.context() as patched:
        # A sweep asks each partition of each queue: with 16, half of a run's time was that.
        for module in (result_item, unsettled_index):
            patched.setattr(module, "SHARD_COUNT", 2)
        yield World(cloud)


@pytest.fixture(scope="module")
def counts(request: pytest.FixtureRequest, world: World) -> Iterator[Counts]:
    """Count for this module, and write the counts at its end."""
    counted = Counts()
    yield counted
    FOLDER.mkdir(parents=True, exist_ok=True)
    # A worker may come to a module more than once.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    place = FOLDER / f"{Path(str(request.path)).stem}-{worker}-{time.monotonic_ns()}.json"
    place.write_text(json.dumps(counted.as_json(world.calls), indent=1) + "\n")
