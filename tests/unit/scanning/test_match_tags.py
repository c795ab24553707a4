"""quarantine_workflow.py: the tag `matched`, and the tags that the user set."""

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanJob, Status
from tests.support.scanner_world import MATCH, ScannerWorld, upload

TEN = {f"own{n}": "x" for n in range(10)}


def evidence(world: ScannerWorld) -> object:
    """Return the tags that go into the evidence record."""
    return world.results.records["v1a.jpg"].match_attributes["tags"]


def full_world(**more: bool) -> ScannerWorld:
    """Return a scanner whose upload is a match and has ten tags of its user."""
    world = ScannerWorld(MATCH, **more)  # type: ignore[arg-type]
    world.upload_bucket.own_tags, world.upload_bucket.full = 10, True
    return world


def test_untagged_match_is_unreadable_after_one_call() -> None:
    world = ScannerWorld(MATCH)
    world.scan()
    assert world.upload_bucket.calls.count("set_status_tag") == 1
    assert "read_own_tags" not in world.upload_bucket.calls
    assert evidence(world) == {}


def test_users_tags_of_a_match_are_kept_and_recorded() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.own_tags = 2
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.upload_bucket.replaced == []
    assert world.upload_bucket.calls.count("read_own_tags") == 1
    assert evidence(world) == {"own0": "x", "own1": "x"}


def test_match_with_ten_tags_is_recorded_before_they_give_way() -> None:
    world = full_world()
    order: list[str] = []
    world.results.order = world.upload_bucket.order = order
    world.scan()
    assert world.upload_bucket.replaced == ["a.jpg"]
    assert order.index("record_match") < order.index("set_only_status_tag") < order.index("read_object")
    assert evidence(world) == TEN


def test_clean_upload_keeps_its_ten_tags() -> None:
    world = ScannerWorld()
    world.upload_bucket.own_tags, world.upload_bucket.full = 10, True
    world.scan()
    assert world.upload_bucket.replaced == []


def test_tags_that_could_not_be_read_are_read_before_the_copy() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.own_tags = 2
    world.upload_bucket.fails = {"read_own_tags": [RetryableError("away")]}
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert evidence(world) == {"own0": "x", "own1": "x"}


def test_tags_of_a_match_without_version_are_recorded() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.own_tags = 1
    world.scan(ScanJob(upload(version=None)))
    assert world.results.records["etag:etaga.jpg"].match_attributes["tags"] == {"own0": "x"}


@pytest.mark.parametrize("error", [RetryableError("away"), DeferrableError("SlowDown")])
def test_observed_match_is_held_only_once_it_has_its_tag(error: Exception) -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.upload_bucket.fails = {"set_status_tag": [error, error]}
    world.scan()
    assert "hold_for_operator" not in world.results.calls
    assert len(world.retry_queue.sent) == 1
    world.deliver_again()
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.results.attributes["v1a.jpg"]["hold_reason"] == "observe mode"


@pytest.mark.parametrize("is_limited", [False, True])
def test_held_match_with_ten_tags_has_its_tag_only(is_limited: bool) -> None:
    world = full_world(observe=not is_limited)
    world.deletion_limit.is_tripped = is_limited
    world.upload_bucket.fails = {"set_only_status_tag": [RetryableError("away"), RetryableError("away")]}
    world.scan()
    assert "hold_for_operator" not in world.results.calls
    world.deliver_again()
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.results.attributes["v1a.jpg"]["hold_reason"]
    assert evidence(world) == TEN


def test_unread_tags_are_recorded_before_a_held_match_loses_them() -> None:
    world = full_world(observe=True)
    world.upload_bucket.fails = {"read_own_tags": [RetryableError("away")]}
    world.scan()
    assert world.upload_bucket.replaced == ["a.jpg"]
    assert evidence(world) == TEN


def test_vanished_source_is_held_without_a_tag() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    world.upload_bucket.objects.clear()
    world.scan()
    assert world.results.status() is Status.MATCHED
    assert world.results.leases == {}
