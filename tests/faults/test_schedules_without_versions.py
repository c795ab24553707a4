"""Random schedules, in a bucket without versions."""

import pytest

from tests.faults.counts import Counts
from tests.faults.schedule_runs import PARTS, prepare, run
from tests.faults.schedules import WithoutVersions
from tests.faults.world import World


@pytest.mark.parametrize("part", range(PARTS * 3 // 5, PARTS))
def test_no_unversioned_schedule_loses_an_upload(world: World, counts: Counts, part: int) -> None:
    prepare(world, counts)
    run(WithoutVersions, part)
