"""The property of the move, by itself: a source goes only where the locked copy has its bytes.

Whatever is cut, corrupted, delayed, lost or doubled. Judged from moto's buckets at each deletion, by a few lines that
know nothing of how the application moves a match.
"""

import json
from typing import Any

import hypothesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults import proofs
from tests.faults.aws_faults import AWS_FAULTS
from tests.faults.counts import Counts
from tests.faults.partial_answers import PARTIAL
from tests.faults.paths import STREAMED
from tests.faults.schedule_runs import SCHEDULES, SEED
from tests.faults.world import World

# Bytes that arrive wrong are what the property is about: half of all faults.
_kinds = st.one_of(st.sampled_from(PARTIAL), st.sampled_from(AWS_FAULTS))
_faults = st.lists(st.tuples(st.integers(1, 50), _kinds, st.integers(1, 5)), max_size=6)


@hypothesis.seed(0 if SEED == "random" else int(SEED))
@settings(max_examples=SCHEDULES // 10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    picture=st.sampled_from(["match", "test match"]),
    proof=st.sampled_from(proofs.PROOFS),
    versioned=st.booleans(),
    streamed=st.booleans(),
    faults=_faults,
    doubled=st.integers(0, 2),
    order=st.integers(0, 99),
)
def test_source_is_deleted_only_once_its_locked_copy_has_its_bytes(
    world: World,
    counts: Counts,
    picture: str,
    proof: str,
    versioned: bool,
    streamed: bool,
    faults: list[tuple[int, str, int]],
    doubled: int,
    order: int,
) -> None:
    world.begin(versioned, proof)
    if streamed:
        world.functions.move_limits = STREAMED
    upload = world.upload(picture)
    for n, kind, times in faults:
        world.calls.at[n] = f"{kind} x{times}"
    for _ in range(doubled):
        world.expect(json.loads(json.dumps(world.events[0].event)))
    deleted_without_copy: list[str] = []
    watch(world, deleted_without_copy)
    world.deliver(*world.events, seed=order)
    world.drain()
    counts.points["the move, whatever arrives"] += 1
    assert not deleted_without_copy
    assert world.state.result(upload)["status"] == "QUARANTINED"
    assert [copy.content for copy in world.state.locked_copies(upload)] == [upload.content]


def watch(world: World, found: list[str]) -> None:
    """Record each deletion after which neither the source nor its bytes under lock are there."""
    follow = world.calls.after_each

    def after(name: str) -> None:
        follow(name)
        if name == "s3.DeleteObject" and not source_is_there(world) and world.uploads[0].content not in locked(world):
            found.append(f"call {len(world.calls.history)}")

    world.calls.after_each = after


def source_is_there(world: World) -> bool:
    """Whether any version of any key is left in the upload bucket."""
    return any(hasattr(one, "value") for one in versions(world, world.bucket))


def locked(world: World) -> list[bytes]:
    """Return the bytes of all that is under lock in the quarantine bucket."""
    return [one.value for one in versions(world, world.cloud.physical("QuarantineBucket")) if one.lock_mode]


def versions(world: World, bucket: str) -> list[Any]:
    """Return the objects of moto, of every key and version."""
    return [one for _, found in world.cloud.s3.buckets[bucket].keys.lists() for one in found]
