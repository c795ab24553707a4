"""aws/ledger.py against moto's DynamoDB: what is withheld, and what is written after the end."""

from typing import Any

import pytest

from photodna_guard.aws.results_table import Ledger
from photodna_guard.domain.models import Delivery, Status, Upload
from tests.aws.results import COPY, MATCH, SOURCE, UNVERSIONED, UPLOAD, attention, item, quarantined


def settled(ledger: Ledger, status: Status, upload: Upload = UPLOAD) -> None:
    ledger.settle(upload, ledger.begin(Delivery(upload)), status)


def test_a_withheld_match_has_no_lease_and_says_why(ledger: Ledger, dynamodb: Any) -> None:
    record = ledger.matched(UPLOAD, ledger.begin(Delivery(UPLOAD)), MATCH)
    ledger.withhold(UPLOAD, record, "observe mode")
    found = item(dynamodb)
    assert (found["status"], found["hold_reason"], found["unsettled"]) == ("MATCHED", "observe mode", "held")
    assert "lease" not in found
    assert attention(dynamodb, "MATCHED") == 1


def test_a_withheld_match_that_is_moved_in_the_end_is_no_longer_called_so(ledger: Ledger, dynamodb: Any) -> None:
    record = ledger.matched(UPLOAD, ledger.begin(Delivery(UPLOAD)), MATCH)
    ledger.withhold(UPLOAD, record, "observe mode")
    again = ledger.begin(Delivery(UPLOAD))
    assert item(dynamodb)["unsettled"] != "held"
    ledger.settle(UPLOAD, ledger.copied(UPLOAD, again, COPY, SOURCE), Status.QUARANTINED)
    assert "hold_reason" not in item(dynamodb)


@pytest.mark.parametrize("status", [s for s in Status if s.settled and s is not Status.CLEAN])
def test_an_end_is_to_be_announced_until_it_was(ledger: Ledger, dynamodb: Any, status: Status) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    assert not ledger.settle(UPLOAD, record, status).announced
    assert not ledger.begin(Delivery(UPLOAD)).announced
    ledger.announced(UPLOAD)
    assert ledger.begin(Delivery(UPLOAD)).announced
    assert not {"unsettled", "redeliver_at", "queue"} & item(dynamodb).keys()


def test_a_clean_end_is_announced_to_nobody(ledger: Ledger) -> None:
    settled(ledger, Status.CLEAN)
    assert ledger.begin(Delivery(UPLOAD)).announced


def test_an_announcement_of_an_end_that_was_taken_back_meanwhile_changes_nothing(ledger: Ledger, dynamodb: Any) -> None:
    settled(ledger, Status.SKIPPED, UNVERSIONED)
    ledger.begin(Delivery(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    ledger.announced(UNVERSIONED)
    assert "unsettled" in item(dynamodb, UNVERSIONED)


def test_what_has_no_room_for_its_tag_asks_for_attention(ledger: Ledger, dynamodb: Any) -> None:
    settled(ledger, Status.CLEAN)
    ledger.tagged(UPLOAD, Status.CLEAN, done=False)
    assert attention(dynamodb, "UNTAGGED") == 1
    assert ledger.begin(Delivery(UPLOAD)).untagged
    assert item(dynamodb)["status"] == "CLEAN"


@pytest.mark.parametrize(("status", "left"), [(Status.CLEAN, 0), (Status.SKIPPED, 0), (Status.UNSCANNABLE, 1)])
def test_with_room_for_it_only_the_status_can_ask_for_attention(
    ledger: Ledger, dynamodb: Any, status: Status, left: int
) -> None:
    settled(ledger, status)
    ledger.tagged(UPLOAD, status, done=False)
    ledger.tagged(UPLOAD, status, done=True)
    assert attention(dynamodb, "UNTAGGED") == 0
    assert attention(dynamodb, status.value) == left
    assert not ledger.begin(Delivery(UPLOAD)).untagged


def test_of_what_does_not_expire_the_source_is_kept_and_of_what_does_it_is_not(ledger: Ledger, dynamodb: Any) -> None:
    settled(ledger, Status.CLEAN, UNVERSIONED)
    assert "source" not in item(dynamodb, UNVERSIONED)
    quarantined(ledger)
    assert item(dynamodb)["source"]["principal"] == "AWS:AIDA"
