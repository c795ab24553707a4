"""aws/ledger.py against moto's DynamoDB: what is withheld, and what is written after the end."""

from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Status, Upload
from tests.aws.results import COPY, MATCH, SOURCE, UNVERSIONED, UPLOAD, attention, item, quarantined


def settled(ledger: ResultsTable, status: Status, upload: Upload = UPLOAD) -> None:
    ledger.settle(upload, ledger.claim(ScanJob(upload)), status)


def test_a_withheld_match_has_no_lease_and_says_why(ledger: ResultsTable, dynamodb: Any) -> None:
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), MATCH)
    ledger.hold_for_operator(UPLOAD, record, "observe mode")
    found = item(dynamodb)
    assert (found["status"], found["hold_reason"], found["unsettled"]) == ("MATCHED", "observe mode", "held")
    assert "lease" not in found
    assert attention(dynamodb, "MATCHED") == 1


def test_a_withheld_match_that_is_moved_in_the_end_is_no_longer_called_so(ledger: ResultsTable, dynamodb: Any) -> None:
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), MATCH)
    ledger.hold_for_operator(UPLOAD, record, "observe mode")
    again = ledger.claim(ScanJob(UPLOAD))
    assert item(dynamodb)["unsettled"] != "held"
    ledger.settle(UPLOAD, ledger.record_copy(UPLOAD, again, COPY, SOURCE), Status.QUARANTINED)
    assert "hold_reason" not in item(dynamodb)


@pytest.mark.parametrize("status", [s for s in Status if s.settled and s is not Status.CLEAN])
def test_an_end_is_to_be_announced_until_it_was(ledger: ResultsTable, dynamodb: Any, status: Status) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    assert not ledger.settle(UPLOAD, record, status).published
    assert not ledger.claim(ScanJob(UPLOAD)).published
    ledger.mark_published(UPLOAD)
    assert ledger.claim(ScanJob(UPLOAD)).published
    assert not {"unsettled", "redeliver_at", "queue"} & item(dynamodb).keys()


def test_a_clean_end_is_announced_to_nobody(ledger: ResultsTable) -> None:
    settled(ledger, Status.CLEAN)
    assert ledger.claim(ScanJob(UPLOAD)).published


def test_an_announcement_of_an_end_that_was_taken_back_meanwhile_changes_nothing(
    ledger: ResultsTable, dynamodb: Any
) -> None:
    settled(ledger, Status.SKIPPED, UNVERSIONED)
    ledger.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    ledger.mark_published(UNVERSIONED)
    assert "unsettled" in item(dynamodb, UNVERSIONED)


def test_what_has_no_room_for_its_tag_asks_for_attention(ledger: ResultsTable, dynamodb: Any) -> None:
    settled(ledger, Status.CLEAN)
    ledger.mark_tagged(UPLOAD, Status.CLEAN, done=False)
    assert attention(dynamodb, "UNTAGGED") == 1
    assert ledger.claim(ScanJob(UPLOAD)).untagged
    assert item(dynamodb)["status"] == "CLEAN"


@pytest.mark.parametrize(("status", "left"), [(Status.CLEAN, 0), (Status.SKIPPED, 0), (Status.UNSCANNABLE, 1)])
def test_with_room_for_it_only_the_status_can_ask_for_attention(
    ledger: ResultsTable, dynamodb: Any, status: Status, left: int
) -> None:
    settled(ledger, status)
    ledger.mark_tagged(UPLOAD, status, done=False)
    ledger.mark_tagged(UPLOAD, status, done=True)
    assert attention(dynamodb, "UNTAGGED") == 0
    assert attention(dynamodb, status.value) == left
    assert not ledger.claim(ScanJob(UPLOAD)).untagged


def test_of_what_does_not_expire_the_source_is_kept_and_of_what_does_it_is_not(
    ledger: ResultsTable, dynamodb: Any
) -> None:
    settled(ledger, Status.CLEAN, UNVERSIONED)
    assert "source" not in item(dynamodb, UNVERSIONED)
    quarantined(ledger)
    assert item(dynamodb)["source"]["principal"] == "AWS:AIDA"
