"""Random schedules, in a bucket with versions."""

import pytest

from tests.faults.counts import Counts
from tests.faults.schedule_runs import PARTS, prepare, run
from tests.faults.schedules import Schedule
from tests.faults.world import World


@pytest.mark.parametrize("part", range(PARTS * 3 // 5))
def test_no_schedule_loses_an_upload_or_leaves_a_match(world: World, counts: Counts, part: int) -> None:
    prepare(world, counts)
    run(Schedule, part)
