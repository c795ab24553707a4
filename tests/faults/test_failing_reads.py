"""Each read of an object, on each path that reads one, is cut or shows wrong bytes, up to five times in a row."""

import json

import pytest

from tests.faults import paths
from tests.faults.counts import Counts
from tests.faults.enumeration import at, first_call, undisturbed
from tests.faults.partial_answers import CORRUPT, CUT, CUT_UNNOTICED, NOTHING
from tests.faults.proofs import CHECKSUM, KMS, MD5, PARTS
from tests.faults.world import World

TIMES = range(1, 6)
# These paths read the head, send by value, quarantine, and compare with a known hash, with versions and without.
PATHS = (
    "clean, fast",
    "match, fast",
    "skipped, fast",
    "unscannable, fast",
    "by value, fast",
    "known hash while the service is unavailable",
    "match, without versions",
    "clean, without versions",
    "large match, fast",
    "large match, without versions",
)


# A reader sees no difference between an object encrypted by KMS and one in parts, so one path is enough.
@pytest.mark.parametrize(
    ("path", "proof"),
    [*((path, proof) for path in PATHS for proof in (CHECKSUM, MD5, PARTS)), ("match, fast", KMS)],
)
def test_read_that_fails_at_any_point_loses_nothing(world: World, counts: Counts, path: str, proof: str) -> None:
    calls = [call.name for call in undisturbed(world, path, proof)]
    reads = [n for n, name in enumerate(calls, 1) if name == "s3.GetObject"]
    assert reads
    broken: list[str] = []
    for n in reads:
        for kind in (CUT, CUT_UNNOTICED, CORRUPT):
            for times in TIMES:
                broken += at(world, counts, path, n, kind, f"{kind} x{times}", proof)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("kind", [CUT, NOTHING, CORRUPT])
@pytest.mark.parametrize("path", ["match, fast", "match, without versions", "match, sweep"])
def test_partial_answer_of_any_service_loses_nothing(world: World, counts: Counts, path: str, kind: str) -> None:
    calls = [call.name for call in undisturbed(world, path)]
    broken: list[str] = []
    for n, name in enumerate(calls, 1):
        if n >= first_call(path) and not name.startswith("match."):
            for times in (1, 3):
                broken += at(world, counts, path, n, kind, f"{kind} x{times}")
    assert not broken, "\n".join(broken)


def test_copy_left_by_a_crash_is_found_after_a_cut_listing(world: World, counts: Counts) -> None:
    """The source is gone by then. Without its copy it would count as GONE, and no result would name the copy."""
    names = [call.name for call in undisturbed(world, "match, fast")]
    paths.begin(world, "match, fast", names.index("s3.PutObject") + 1, "dies after")
    world.deliver(*world.events)
    world.delete(world.uploads[0])
    world.fail("s3.ListObjectVersions", "nothing arrives", 2)
    world.drain(heal=False)
    world.check()
    assert json.dumps(world.state.result(world.uploads[0]), default=str).count("QUARANTINED")
