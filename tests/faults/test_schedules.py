"""Random schedules in a bucket with versions. FAULT_SCHEDULES and FAULT_SEED say how many, and which: see README.md."""

from tests.faults.counts import Counts
from tests.faults.schedules import SCHEDULES, Schedule, prepare, run
from tests.faults.world import World


def test_no_schedule_loses_an_upload_or_leaves_a_match(world: World, counts: Counts) -> None:
    prepare(world, counts)
    run(Schedule, SCHEDULES * 3 // 5)
