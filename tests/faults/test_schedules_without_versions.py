"""Random schedules in a bucket without versions; a file of its own, so that they run beside the others."""

from tests.faults.counts import Counts
from tests.faults.schedules import SCHEDULES, WithoutVersions, prepare, run
from tests.faults.world import World


def test_no_schedule_loses_an_upload_or_leaves_a_match_without_versions(world: World, counts: Counts) -> None:
    prepare(world, counts)
    run(WithoutVersions, SCHEDULES - SCHEDULES * 3 // 5)
