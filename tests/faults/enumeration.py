"""At each call of a path, one after the other, something happens; what does not hold afterwards is said of each."""

from tests.faults import paths
from tests.faults.calls import Call, Outside
from tests.faults.counts import Counts
from tests.faults.proofs import CHECKSUM
from tests.faults.world import World

MOST = 400  # calls of one run
ENOUGH = 5  # sentences about what is broken: more of them tell no more


def everywhere(world: World, counts: Counts, path: str, what: str, planned: str | Outside) -> None:
    """At the first call, the second … until a run that has fewer."""
    broken: list[str] = []
    first = 3 if path in paths.SWEPT else 1  # its upload was begun, else there is nothing to be swept
    for n in range(first, MOST):
        broken += at(world, counts, path, n, what, planned)
        if len(world.calls.made) < n or len(broken) >= ENOUGH:
            break
    assert not broken, "\n".join(broken)


def at(
    world: World, counts: Counts, path: str, n: int, what: str, planned: str | Outside, proof: str = CHECKSUM
) -> list[str]:
    """One run, in which that happens at the nth call; what did not hold after it."""
    paths.begin(world, path, n, planned, proof)
    world.drain(heal=False)
    name = world.calls.made[n - 1].name if len(world.calls.made) >= n else "nothing"
    counts.points[f"{path}: {what}"] += name != "nothing"
    return [f"{path}: {what} {name} (call {n}): {sentence}" for sentence in world.wrong()]


def undisturbed(world: World, path: str, proof: str = CHECKSUM) -> list[Call]:
    """The calls of a run in which nothing happens; nothing may be wrong after it."""
    paths.begin(world, path, proof=proof)
    world.drain(heal=False)
    world.check()
    return list(world.calls.made)
