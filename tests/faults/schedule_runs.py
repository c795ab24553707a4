"""Runs of random schedules: how many, from which seed, and in how many parts."""

import os
from datetime import UTC, datetime

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults import paths
from tests.faults.counts import Counts
from tests.faults.schedules import Schedule
from tests.faults.world import World

SCHEDULES = int(os.environ.get("FAULT_SCHEDULES", "2000"))
# Others each day, so that each run explores; a number makes a run the same as another, "random" different from all.
SEED = os.environ.get("FAULT_SEED") or f"{datetime.now(UTC):%Y%m%d}"
STEPS = 9
# pytest's workers share the parts out.
PARTS = 10
PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("FAULT_SHRINK", "1") == "1" else [])]


def prepare(world: World, counts: Counts) -> None:
    """Find all operations by running all paths, once for a world."""
    Schedule.counts = counts
    if getattr(Schedule, "world", None) is world:
        return
    Schedule.world = world
    for name in paths.PATHS:
        paths.begin(world, name)
        world.drain(heal=False)
    Schedule.operations = sorted(name for name in world.calls.seen if not name.startswith("match."))
    assert Schedule.operations


def run(machine: type[Schedule], part: int) -> None:
    """Run one part of the schedules."""
    schedules = -(-SCHEDULES // PARTS)
    Schedule.counts.seeds.add(SEED)
    if SEED != "random":
        machine = hypothesis.seed(PARTS * int(SEED) + part)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=schedules,
            stateful_step_count=STEPS,
            deadline=None,
            phases=PHASES,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        ),
    )


def ready(machine: type[Schedule], world: World, counts: Counts) -> Schedule:
    """Return a schedule whose steps a test takes itself."""
    Schedule.world, Schedule.counts = world, counts
    return machine()
