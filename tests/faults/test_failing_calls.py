"""Each call of the main paths fails in each way, or comes just after something that a user did."""

import pytest

from tests.faults import paths
from tests.faults.calls import DEATHS
from tests.faults.counts import Counts
from tests.faults.enumeration import MAX_CALLS, at, everywhere, undisturbed
from tests.faults.world import World

# Of each call: lost after it was made, and refused so often that botocore's own retries do not help.
AWS_FAULTS = ("lost after", "server error after x3", "throttled x3", "denied", "slow")
SERVICE_FAULTS = (
    *("drop before", "drop after", "timeout", "cut", "not json"),
    *("429", "403", "401", "404", "500", "3004", "3206"),
)
BY_CALL = {"match.send": SERVICE_FAULTS, "match.connect": ("refused",)}
FAILING_PATHS = (
    *("clean, fast", "match, retry", "match, without versions"),
    *("large match, retry", "large match, without versions", "match with ten tags"),
    *("released match, fast", "released match, without versions"),
)
USERS_PATHS = (
    *("clean, fast", "match, fast", "clean, without versions", "match, without versions"),
    *("large match, fast", "large match, without versions", "match with ten tags"),
    *("released match, fast", "released match, without versions"),
)
ACTS = ("deletes it", "uploads another", "uploads it again")


@pytest.mark.parametrize("path", FAILING_PATHS)
def test_call_that_fails_loses_nothing(world: World, counts: Counts, path: str) -> None:
    calls = [call.name for call in undisturbed(world, path)]
    broken = []
    for n, name in enumerate(calls, 1):
        for kind in BY_CALL.get(name, AWS_FAULTS):
            broken += at(world, counts, path, n, kind, kind)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("path", USERS_PATHS)
def test_user_acting_before_any_call_changes_nothing_else(world: World, counts: Counts, path: str, act: str) -> None:
    everywhere(world, counts, path, act, lambda: _act(world, act))


@pytest.mark.parametrize("dies", DEATHS)
@pytest.mark.parametrize(
    "path", ["match, fast", "match, without versions", "large match, fast", "large match, without versions"]
)
def test_deletion_after_a_crash_leaves_no_unnamed_copy(world: World, counts: Counts, path: str, dies: str) -> None:
    broken: list[str] = []
    for n in range(1, MAX_CALLS):
        paths.begin(world, path, n, dies)
        world.deliver(*world.events)
        if not world.processes[0].dead:
            break
        world.delete(world.uploads[0])
        world.drain(heal=False)
        counts.points[f"{path}: {dies}, and its user deletes it"] += 1
        broken += [f"{dies} {world.calls.history[n - 1].name} (call {n}): {what}" for what in world.violations()]
    assert not broken, "\n".join(broken)


def _act(world: World, act: str) -> None:
    upload = world.uploads[0]
    if act == "deletes it":
        world.delete(upload)
    else:
        world.upload(upload.picture if act == "uploads it again" else "clean too", key=upload.key)
