"""aws/results_table.py and its indexes against moto's DynamoDB: versions about which a person decided."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from ops.stack import Stack
from photodna_guard.aws.result_lookup import ResultLookup
from photodna_guard.aws.results_table import REDELIVER_AFTER_SECONDS, ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.aws.unsettled_index import UnsettledIndex
from photodna_guard.domain.models import Decision, ScanJob, Status
from tests.aws.result_items import count_needing_attention, read_item
from tests.support.clock import ManualClock
from tests.support.factories import MATCH, UPLOAD
from tests.support.moto_aws import SESSION

YEAR = 365 * 86400


@pytest.fixture
def decide(results: ResultsTable, dynamodb: Any, clock: ManualClock) -> Any:
    """Return a function that writes a decision as guardctl does, and returns it as the functions read it."""
    make: Callable[[str], Any] = SESSION.client  # type: ignore[assignment]
    operated = Results(Target(Stack("s", {"ResultsTableName": "results"}, {}), "ann", make, clock))

    def write(is_allowed: bool, at: str = "2026-11-26T10:00:00Z") -> Decision:
        decision = {"allowed": is_allowed, "by": "ann", "at": at, "reason": "seen"}
        assert operated.decide(read_item(dynamodb), decision, clock())
        return Decision(is_allowed, at)

    return write


def settle(results: ResultsTable, status: Status, reason: str = "") -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), status, reason)
    results.mark_published(UPLOAD)


def unsettled(dynamodb: Any, clock: ManualClock) -> UnsettledIndex:
    return UnsettledIndex(Table(dynamodb, "results", clock))


def test_decision_is_read_and_awaits_its_tag(results: ResultsTable, dynamodb: Any, decide: Any) -> None:
    settle(results, Status.CLEAN)
    decision = decide(is_allowed=False)
    record = results.claim(ScanJob(UPLOAD))
    assert (record.status, record.decision, record.published) == (Status.CLEAN, decision, True)
    assert record.awaits_decided_tag
    results.mark_published(UPLOAD, decision)
    assert not results.claim(ScanJob(UPLOAD)).awaits_decided_tag
    assert results.claim(ScanJob(UPLOAD)).decision == decision


def test_worker_without_the_last_decision_notes_nothing(results: ResultsTable, decide: Any) -> None:
    settle(results, Status.UNSCANNABLE)
    first = decide(is_allowed=True)
    decide(is_allowed=False, at="2026-11-26T11:00:00Z")
    for seen in (None, first):
        results.mark_published(UPLOAD, seen)
        assert results.claim(ScanJob(UPLOAD)).awaits_decided_tag


def test_unpublished_event_stays_unpublished(results: ResultsTable, decide: Any) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), Status.UNSCANNABLE, "damaged")
    decide(is_allowed=True)
    record = results.claim(ScanJob(UPLOAD))
    assert not record.published


def test_sweep_finds_a_decision_that_nobody_took_up(
    results: ResultsTable, dynamodb: Any, clock: ManualClock, decide: Any
) -> None:
    settle(results, Status.CLEAN)
    clock.now += YEAR
    decided_at = clock.now
    decide(is_allowed=False)
    index = unsettled(dynamodb, clock)
    (waiting,) = index.iter_unsettled("retry")
    assert list(index.iter_unsettled("backfill")) == []
    assert waiting.overdue == int(decided_at) + REDELIVER_AFTER_SECONDS["retry"]
    # A message that is lost as well is sent again within the hour, and not after another year.
    assert index.claim(waiting, waiting.overdue) is not None
    (again,) = index.iter_unsettled("retry")
    assert again.overdue == waiting.overdue + REDELIVER_AFTER_SECONDS["retry"]


def test_old_decided_upload_is_not_the_oldest_that_waits(
    results: ResultsTable, dynamodb: Any, clock: ManualClock, decide: Any
) -> None:
    settle(results, Status.CLEAN)
    clock.now += YEAR
    decide(is_allowed=False)
    assert unsettled(dynamodb, clock).find_oldest("retry") is None


def test_decided_upload_needs_no_service(results: ResultsTable, dynamodb: Any, decide: Any) -> None:
    lookup = ResultLookup(Table(dynamodb, "results"))
    settle(results, Status.CLEAN)
    assert lookup.find_without_service([UPLOAD]) == set()
    decide(is_allowed=False)
    assert lookup.find_without_service([UPLOAD]) == {UPLOAD.record_key}


def test_decided_result_does_not_expire_and_is_off_the_list(results: ResultsTable, dynamodb: Any, decide: Any) -> None:
    settle(results, Status.CLEAN)
    assert "expires_at" in read_item(dynamodb)
    decide(is_allowed=False)
    assert "expires_at" not in read_item(dynamodb)


def reopen(results: ResultsTable) -> Any:
    return results.claim(ScanJob(UPLOAD, rescan=True, reopen_settled_until="2999-01-01T00:00:00Z"))


@pytest.mark.parametrize(("status", "left"), [(Status.UNSCANNABLE, 0), (Status.CLEAN, 0), (Status.FAILED, 1)])
def test_new_verdict_keeps_the_decision(
    results: ResultsTable, dynamodb: Any, decide: Any, status: Status, left: int
) -> None:
    settle(results, Status.UNSCANNABLE, "damaged")
    decision = decide(is_allowed=False)
    assert count_needing_attention(dynamodb, "UNSCANNABLE") == 0
    record = results.settle(UPLOAD, reopen(results), status, "why")
    assert record.decision == decision
    assert "expires_at" not in read_item(dynamodb)
    assert count_needing_attention(dynamodb, status.value) == left


def test_match_after_a_decision_needs_attention(results: ResultsTable, dynamodb: Any, decide: Any) -> None:
    settle(results, Status.UNSCANNABLE)
    decide(is_allowed=True)
    results.record_match(UPLOAD, reopen(results), MATCH)
    assert count_needing_attention(dynamodb, "MATCHED") == 1


def test_room_for_the_tag_puts_a_decided_upload_on_no_list(results: ResultsTable, dynamodb: Any, decide: Any) -> None:
    settle(results, Status.UNSCANNABLE)
    decide(is_allowed=True)
    results.mark_tagged(UPLOAD, Status.UNSCANNABLE, done=False, is_decided=True)
    assert count_needing_attention(dynamodb, "UNTAGGED") == 1
    results.mark_tagged(UPLOAD, Status.UNSCANNABLE, done=True, is_decided=True)
    assert "needs_attention" not in read_item(dynamodb)


@pytest.mark.parametrize(("is_test", "listed"), [(True, "TEST"), (False, "QUARANTINED")])
def test_test_match_is_listed_apart(results: ResultsTable, dynamodb: Any, is_test: bool, listed: str) -> None:
    record = replace(results.claim(ScanJob(UPLOAD)), is_test=is_test)
    results.settle(UPLOAD, record, Status.QUARANTINED)
    assert read_item(dynamodb)["needs_attention"] == listed
