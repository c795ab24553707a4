"""Matches that are written down and not moved: in observe mode, and when more of them come than the bound allows."""

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Status
from tests.support.scanner_world import JPEG, MATCH, ScannerWorld


def test_in_observe_mode_a_match_is_written_down_and_stays_where_it_is() -> None:
    world = ScannerWorld(MATCH, observe=True)
    assert world.scan() == [True]
    assert world.results.status() is Status.MATCHED
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert world.quarantine_bucket.copies == world.quarantine_bucket.evidence == {}
    assert "acquire" not in world.deletion_limit.calls
    assert world.results.attributes["v1a.jpg"]["hold_reason"] == "observe mode"


def test_in_observe_mode_a_match_is_unreadable_and_told_of() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.telemetry.logged == [("matched", "a.jpg"), ("hold_reason", "observe mode")]


def test_a_withheld_match_holds_no_lease_and_waits_in_no_queue() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    assert world.results.leases == {}
    assert world.retry_queue.sent == world.retry_queue.dead == []


def test_in_observe_mode_all_but_the_move_goes_on() -> None:
    world = ScannerWorld(observe=True)
    world.scan()
    assert world.results.status() is Status.CLEAN
    assert world.upload_bucket.tags == {"a.jpg": "clean"}


def test_a_repeated_delivery_in_observe_mode_changes_nothing_and_asks_nobody() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    world.scan()
    assert world.results.status() is Status.MATCHED
    assert world.results.leases == {}
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert len(world.match_api.sent) == 1


def test_what_was_observed_is_moved_in_enforce_mode_without_asking_again() -> None:
    observing = ScannerWorld(MATCH, observe=True)
    observing.scan()
    enforcing = ScannerWorld(after=observing)
    enforcing.scan()
    assert enforcing.results.status() is Status.QUARANTINED
    assert enforcing.upload_bucket.objects == {}
    assert enforcing.quarantine_bucket.copies == {"a.jpg": (JPEG, False)}
    assert enforcing.match_api.sent == []


def test_beyond_the_bound_a_match_is_copied_and_written_down_and_not_deleted() -> None:
    world = ScannerWorld(MATCH)
    world.deletion_limit.is_tripped = True
    assert world.scan() == [True]
    assert world.results.status() is Status.MATCHED
    assert world.results.records["v1a.jpg"].copy
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert world.quarantine_bucket.evidence == {}
    assert world.results.leases == {}
    assert world.retry_queue.sent == []
    assert ("hold_reason", "too many") in world.telemetry.logged


def test_on_the_operators_word_it_is_deleted_with_the_copy_that_it_has() -> None:
    world = ScannerWorld(MATCH)
    world.deletion_limit.is_tripped = True
    world.scan()
    world.deletion_limit.is_tripped = False
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}
    assert world.quarantine_bucket.calls.count("store_copy") == 1
    assert len(world.match_api.sent) == 1


@pytest.mark.parametrize("error", [RetryableError("away"), DeferrableError("throttled")])
def test_a_match_that_cannot_even_be_written_down_as_withheld_is_delivered_again(error: Exception) -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.results.fails = {"hold_for_operator": [error]}
    assert world.scan() == [False]
    assert world.results.status() is Status.MATCHED
