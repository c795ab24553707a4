"""quarantine_workflow.py: matches that wait for the operator."""

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Status
from tests.support.scanner_world import JPEG, MATCH, ScannerWorld


def test_match_in_observe_mode_is_recorded_and_stays() -> None:
    world = ScannerWorld(MATCH, observe=True)
    assert world.scan() == [True]
    assert world.results.status() is Status.MATCHED
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert world.quarantine_bucket.copies == {}
    assert world.quarantine_bucket.evidence == {}
    assert "acquire" not in world.deletion_limit.calls
    assert world.results.attributes["v1a.jpg"]["hold_reason"] == "observe mode"


def test_match_in_observe_mode_is_unreadable_and_logged() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.telemetry.logged == [("matched", "a.jpg"), ("hold_reason", "observe mode")]


def test_held_match_has_no_lease_and_no_message() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    assert world.results.leases == {}
    assert world.retry_queue.sent == []
    assert world.retry_queue.dead == []


def test_observe_mode_settles_everything_but_matches() -> None:
    world = ScannerWorld(observe=True)
    world.scan()
    assert world.results.status() is Status.CLEAN
    assert world.upload_bucket.tags == {"a.jpg": "clean"}


def test_redelivery_in_observe_mode_sends_no_request() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    world.scan()
    assert world.results.status() is Status.MATCHED
    assert world.results.leases == {}
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert len(world.match_api.sent) == 1


def test_observed_match_is_quarantined_in_enforce_mode() -> None:
    observing = ScannerWorld(MATCH, observe=True)
    observing.scan()
    enforcing = ScannerWorld(after=observing)
    enforcing.scan()
    assert enforcing.results.status() is Status.QUARANTINED
    assert enforcing.upload_bucket.objects == {}
    assert enforcing.quarantine_bucket.copies == {"a.jpg": (JPEG, False)}
    assert enforcing.match_api.sent == []


def test_match_beyond_the_deletion_limit_is_copied_and_kept() -> None:
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


def test_held_match_is_deleted_once_the_limit_is_reset() -> None:
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
def test_match_whose_hold_cannot_be_recorded_is_redelivered(error: Exception) -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.results.fails = {"hold_for_operator": [error]}
    assert world.scan() == [False]
    assert world.results.status() is Status.MATCHED
