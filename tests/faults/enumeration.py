"""Something happens at each call of a path, one after the other. The violations after each are collected."""

from tests.faults import paths
from tests.faults.calls import Call, Outside
from tests.faults.counts import Counts
from tests.faults.path_steps import CALLS_TO_BEGIN
from tests.faults.proofs import CHECKSUM
from tests.faults.world import World

MAX_CALLS = 400
# More sentences about what is broken say no more.
MAX_SENTENCES = 5


def everywhere(world: World, counts: Counts, path: str, what: str, planned: str | Outside) -> None:
    """Try the first call, the second and so on, until a run has fewer calls."""
    broken: list[str] = []
    for n in range(first_call(path), MAX_CALLS):
        broken += at(world, counts, path, n, what, planned)
        if len(world.calls.history) < n or len(broken) >= MAX_SENTENCES:
            break
    assert not broken, "\n".join(broken)


def first_call(path: str) -> int:
    """Return the number of the first call at which something may happen on this path.

    Before a swept upload has begun there is nothing to sweep. Its first process makes one call after that.
    """
    return CALLS_TO_BEGIN + 2 if path in paths.SWEPT else 1


def at(
    world: World, counts: Counts, path: str, n: int, what: str, planned: str | Outside, proof: str = CHECKSUM
) -> list[str]:
    """Make one run in which this happens at the nth call. Return the violations after it."""
    paths.begin(world, path, n, planned, proof)
    world.drain(heal=False)
    name = world.calls.history[n - 1].name if len(world.calls.history) >= n else "nothing"
    counts.points[f"{path}: {what}"] += name != "nothing"
    return [f"{path}: {what} {name} (call {n}): {sentence}" for sentence in world.violations()]


def undisturbed(world: World, path: str, proof: str = CHECKSUM) -> list[Call]:
    """Return the calls of a run in which nothing happens. Every invariant must hold after it."""
    paths.begin(world, path, proof=proof)
    world.drain(heal=False)
    world.check()
    return list(world.calls.history)
