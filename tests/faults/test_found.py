"""Each fault that a schedule or a crash point has found, as a plain test: see README.md."""

import pytest

from tests.faults import paths
from tests.faults.calls import AFTER
from tests.faults.counts import Counts
from tests.faults.enumeration import undisturbed
from tests.faults.path_steps import to_queue
from tests.faults.proofs import PROOFS
from tests.faults.schedule_runs import ready
from tests.faults.schedules import Schedule, WithoutVersions
from tests.faults.world import World


def test_crash_between_copy_and_record_leaves_one_copy(world: World, counts: Counts) -> None:
    names = [call.name for call in undisturbed(world, "match, fast")]
    paths.begin(world, "match, fast", names.index("s3.PutObject") + 1, AFTER)
    world.drain(heal=False)
    world.check()
    assert world.calls.injected[AFTER]


def test_upload_deleted_during_its_request_is_settled(world: World, counts: Counts) -> None:
    state = ready(Schedule, world, counts)
    state.begin(days="0.01", made=[("test match", "b/ö +%.jpg", "own tags")], deaths=[], failing=[])
    state.act(act="delete", n=6, which=5)
    state.act(act="mark deleted", n=10, which=1)
    state.deliver_together(events=[4, 4, 2], first=[], second=[1, 1, 2], seed=76)
    state.teardown()


@pytest.mark.parametrize("proof", PROOFS)
def test_match_with_cut_reads_is_quarantined_whole_or_not(world: World, counts: Counts, proof: str) -> None:
    state = ready(Schedule, world, counts)
    cut = [
        (("dynamodb.GetItem", "throttled"), 1),
        (("dynamodb.GetItem", "throttled"), 1),
        (("s3.GetObject", "cut unnoticed"), 4),
    ]
    made = [("clean", "a.jpg", "no tags"), ("clean", "a.jpg", "no tags"), ("match", "a.jpg", "no tags")]
    state.begin(days="3", made=made, deaths=[], failing=cut, proof=proof)
    state.die_at(dies="dies before", n=1)
    state.deliver(which=0)
    state.deliver(which=2)
    state.upload(one=("clean", "a.jpg", "no tags"))
    state.deliver(which=0)
    state.deliver(which=0)
    state.teardown()


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("machine", [Schedule, WithoutVersions])
def test_clean_picture_with_a_cut_head_is_clean(
    world: World, counts: Counts, machine: type[Schedule], proof: str
) -> None:
    state = ready(machine, world, counts)
    made = [("clean", "a.jpg", "no tags")]
    state.begin(days="3", made=made, deaths=[], failing=[(("s3.GetObject", "cut unnoticed"), 2)], proof=proof)
    state.deliver(which=0)
    state.teardown()


def test_answer_about_a_url_of_a_deleted_match_is_believed(world: World, counts: Counts) -> None:
    """Its user deletes it before the service fetches it. Nothing is readable, and "3208" is all that is known."""
    state = ready(Schedule, world, counts)
    failing = [
        (("match.send", "3208"), 1),
        (("eventbridge.PutEvents", "lost before"), 5),
        (("match.send", "drop before"), 4),
    ]
    deaths = [(13, "dies before"), (19, "dies before")]
    state.begin(days="0.01", made=[("test match", "a.jpg", "no tags")], deaths=deaths, failing=failing)
    state.upload(one=("match", "a.jpg", "own tags"))
    state.deliver_together(events=[], first=[], second=[], seed=88)
    state.act(act="delete", n=3, which=4)
    state.deliver(which=0)
    state.act(act="delete", n=10, which=4)
    state.deliver_messages(which=[2, 5, 0, 5])
    state.act(act="mark deleted", n=6, which=1)
    state.later(seconds=1000.0, sweep=False)
    state.teardown()


@pytest.mark.parametrize("seed", range(6))
def test_renditions_of_one_batch_wait_for_each_other(world: World, counts: Counts, seed: int) -> None:
    """They share the function's disk. The tests themselves hung at such a lock, in an order that a seed led to."""
    state = ready(Schedule, world, counts)
    made = [("animation", "a.jpg", "no tags"), ("animated match", "b/ö +%.jpg", "no tags")]
    state.begin(days="3", made=made, deaths=[], failing=[])
    for upload in world.uploads:
        to_queue(world, upload)
    state.deliver_together(events=[], first=[0, 1], second=[], seed=seed)
    state.teardown()
