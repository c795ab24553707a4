"""aws/ledger.py against moto's DynamoDB."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from guard.aws.ledger import LEASE_SECONDS, Ledger
from guard.errors import Held, TryAgain
from guard.model import Copy, Delivery, Kind, MatchFlag, Status, Upload, Verdict

NOW = 1_800_000_000.0
UPLOAD = Upload("uploads", "a b+c.jpg", "etag", "v1", sequencer="0010")
UNVERSIONED = Upload("uploads", "a.jpg", "etag", sequencer="0010")
MATCH = Verdict(Kind.MATCH, tracking_id="T-1", flags=(MatchFlag("Other", "7", ("A1",), 3),))


class Time:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ledger(dynamodb: Any, results_table: str, time: Time) -> Ledger:
    return Ledger(dynamodb, results_table, clean_result_days=90, now=time)


def item(dynamodb: Any, upload: Upload = UPLOAD) -> dict[str, Any]:
    key = {"upload": {"S": upload.id}, "version": {"S": upload.version}}
    found = dynamodb.get_item(TableName="results", Key=key)["Item"]
    return {name: TypeDeserializer().deserialize(value) for name, value in found.items()}


def attention(dynamodb: Any, status: Status) -> int:
    answer = dynamodb.query(
        TableName="results",
        IndexName="attention",
        KeyConditionExpression="attention = :s",
        ExpressionAttributeValues={":s": {"S": status.value}},
    )
    return int(answer["Count"])


def test_begin_makes_the_record_and_settle_ends_it_with_the_promised_attributes(ledger: Ledger, dynamodb: Any) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    assert (record.status, record.received) == (Status.PENDING, NOW)
    ledger.settle(UPLOAD, record, Status.CLEAN, tracking_id="T-1")
    assert item(dynamodb) == {
        "upload": "uploads/a b+c.jpg",
        "version": "v1",
        "status": "CLEAN",
        "attempts": 0,
        "tracking_id": "T-1",
        "matches": [],
        "is_test": False,
        "received_at": "2027-01-15T08:00:00.000Z",
        "settled_at": "2027-01-15T08:00:00.000Z",
        "sequencer": "0010",
        "expires_at": NOW + 90 * 86400,
    }


def test_a_match_is_written_step_by_step(ledger: Ledger, dynamodb: Any) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    ledger.matched(UPLOAD, record, MATCH, "key")
    ledger.copied(UPLOAD, record, Copy("qv", "5ha"))
    ledger.settle(UPLOAD, record, Status.QUARANTINED)
    found = item(dynamodb)
    assert found["matches"] == [{"source": "Other", "match_id": "7", "violations": ["A1"], "distance": 3}]
    assert (found["quarantine_key"], found["quarantine_version"], found["sha256"]) == ("key", "qv", "5ha")
    assert found["tracking_id"] == "T-1"
    assert "expires_at" not in found
    assert attention(dynamodb, Status.QUARANTINED) == 1


def test_two_workers_cannot_hold_one_version(ledger: Ledger) -> None:
    ledger.begin(Delivery(UPLOAD))
    with pytest.raises(Held) as caught:
        ledger.begin(Delivery(UPLOAD))
    assert caught.value.until == int(NOW + LEASE_SECONDS)


def test_the_lease_of_a_worker_that_died_ends(ledger: Ledger, time: Time) -> None:
    ledger.begin(Delivery(UPLOAD))
    time.now += LEASE_SECONDS + 1
    assert ledger.begin(Delivery(UPLOAD)).status is Status.PENDING


@pytest.mark.parametrize("write", ["matched", "copied", "defer", "settle"])
def test_a_worker_that_was_overtaken_can_write_nothing(ledger: Ledger, dynamodb: Any, time: Time, write: str) -> None:
    old = ledger.begin(Delivery(UPLOAD))
    time.now += LEASE_SECONDS + 1
    new = ledger.begin(Delivery(UPLOAD))
    ledger.settle(UPLOAD, new, Status.CLEAN)
    before = item(dynamodb)
    writes = {
        "matched": lambda: ledger.matched(UPLOAD, old, MATCH, "key"),
        "copied": lambda: ledger.copied(UPLOAD, old, Copy("v", "s")),
        "defer": lambda: ledger.defer(UPLOAD, old, "late"),
        "settle": lambda: ledger.settle(UPLOAD, old, Status.GONE),
    }
    with pytest.raises(Held):
        writes[write]()
    assert item(dynamodb) == before


def test_deferring_gives_the_lease_back(ledger: Ledger, dynamodb: Any) -> None:
    ledger.defer(UPLOAD, ledger.begin(Delivery(UPLOAD)), "no slot")
    assert item(dynamodb)["reason"] == "no slot"
    assert attention(dynamodb, Status.DEFERRED) == 1
    record = ledger.begin(Delivery(UPLOAD))
    assert record.status is Status.DEFERRED
    ledger.settle(UPLOAD, record, Status.CLEAN)
    assert attention(dynamodb, Status.DEFERRED) == 0
    assert "reason" not in item(dynamodb)


def test_a_deferred_match_stays_a_match_and_knows_its_copy(ledger: Ledger) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    ledger.matched(UPLOAD, record, MATCH, "key")
    ledger.copied(UPLOAD, record, Copy("qv", "5ha"))
    ledger.defer(UPLOAD, ledger_record(record), "away")
    again = ledger.begin(Delivery(UPLOAD))
    assert again.status is Status.MATCHED
    assert again.copy == Copy("qv", "5ha")


def ledger_record(record: Any) -> Any:
    from dataclasses import replace

    return replace(record, status=Status.MATCHED)


def test_a_settled_version_is_returned_as_it_is(ledger: Ledger) -> None:
    ledger.settle(UPLOAD, ledger.begin(Delivery(UPLOAD)), Status.CLEAN)
    assert ledger.begin(Delivery(UPLOAD)).status is Status.CLEAN


def test_the_same_bytes_uploaded_again_without_versions_are_another_upload(ledger: Ledger) -> None:
    """Otherwise a picture that was quarantined once could be uploaded again and stay."""
    ledger.settle(UNVERSIONED, ledger.begin(Delivery(UNVERSIONED)), Status.QUARANTINED)
    later = Upload("uploads", "a.jpg", "etag", sequencer="00100A")
    assert ledger.begin(Delivery(later)).status is Status.PENDING


def test_an_event_of_the_same_upload_or_of_an_earlier_one_is_no_other_upload(ledger: Ledger) -> None:
    ledger.settle(UNVERSIONED, ledger.begin(Delivery(UNVERSIONED)), Status.CLEAN)
    for sequencer in ("0010", "001000", "000F", ""):
        again = Upload("uploads", "a.jpg", "etag", sequencer=sequencer)
        assert ledger.begin(Delivery(again)).status is Status.CLEAN


def test_a_version_that_s3_names_is_never_opened_again_by_an_event(ledger: Ledger) -> None:
    ledger.settle(UPLOAD, ledger.begin(Delivery(UPLOAD)), Status.CLEAN)
    later = Upload("uploads", "a b+c.jpg", "etag", "v1", sequencer="FFFF")
    assert ledger.begin(Delivery(later)).status is Status.CLEAN


def test_an_operator_can_have_a_failed_upload_tried_anew(ledger: Ledger) -> None:
    ledger.settle(UPLOAD, ledger.begin(Delivery(UPLOAD)), Status.FAILED, "http-500")
    assert ledger.begin(Delivery(UPLOAD)).status is Status.FAILED
    assert ledger.begin(Delivery(UPLOAD, redriven=True)).status is Status.PENDING


def test_a_match_that_vanished_before_the_move_asks_for_attention(ledger: Ledger, dynamodb: Any) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    ledger.matched(UPLOAD, record, MATCH, "key")
    ledger.settle(UPLOAD, ledger_record(record), Status.GONE, "deleted")
    assert attention(dynamodb, Status.GONE) == 1


def test_what_is_known_of_a_match_does_not_expire(ledger: Ledger, dynamodb: Any) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    ledger.matched(UPLOAD, record, MATCH, "key")
    ledger.defer(UPLOAD, ledger_record(record), "away")
    ledger.settle(UPLOAD, ledger.begin(Delivery(UPLOAD)), Status.GONE, "deleted")
    assert "expires_at" not in item(dynamodb)


def test_what_a_reopened_record_knew_of_evidence_is_kept(ledger: Ledger, dynamodb: Any) -> None:
    first = ledger.begin(Delivery(UNVERSIONED))
    ledger.matched(UNVERSIONED, first, MATCH, "key")
    ledger.copied(UNVERSIONED, first, Copy("qv", "5ha"))
    ledger.settle(UNVERSIONED, first, Status.QUARANTINED)
    again = ledger.begin(Delivery(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert again.copy is None
    ledger.settle(UNVERSIONED, again, Status.GONE, "deleted")
    found = item(dynamodb, UNVERSIONED)
    assert found["matches"] == []
    assert found["earlier"][0]["quarantine_version"] == "qv"
    assert found["earlier"][0]["matches"][0]["source"] == "Other"
    assert "expires_at" not in found


def test_a_quarantined_match_keeps_asking_for_attention_though_its_bytes_were_uploaded_again(
    ledger: Ledger, dynamodb: Any
) -> None:
    first = ledger.begin(Delivery(UNVERSIONED))
    ledger.matched(UNVERSIONED, first, MATCH, "key")
    ledger.copied(UNVERSIONED, first, Copy("qv", "5ha"))
    ledger.settle(UNVERSIONED, first, Status.QUARANTINED)
    again = ledger.begin(Delivery(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert attention(dynamodb, Status.QUARANTINED) == 1
    ledger.settle(UNVERSIONED, again, Status.GONE, "deleted")
    assert attention(dynamodb, Status.QUARANTINED) == 1


def test_what_is_kept_of_earlier_matches_does_not_outgrow_the_record(ledger: Ledger, dynamodb: Any) -> None:
    """An uploader could otherwise have the same match refused by DynamoDB, and so left where it is."""
    for n in range(25):
        again = Delivery(Upload("uploads", "a.jpg", "etag", sequencer=f"{n:04X}"))
        record = ledger.begin(again)
        ledger.copied(UNVERSIONED, record, Copy(f"qv{n}", "5ha"))
        ledger.settle(UNVERSIONED, record, Status.QUARANTINED)
    assert len(item(dynamodb, UNVERSIONED)["earlier"]) == 20
    assert item(dynamodb, UNVERSIONED)["quarantine_version"] == "qv24"


def test_a_begin_whose_answer_was_lost_and_that_was_sent_again_has_its_lease(dynamodb: Any, results_table: str) -> None:
    """botocore sends a call again whose answer did not come; the first may have had its effect."""

    class Twice:
        def update_item(self, **asked: Any) -> Any:
            dynamodb.update_item(**asked)
            return dynamodb.update_item(**asked)

    record = Ledger(Twice(), results_table, 90).begin(Delivery(UPLOAD))  # type: ignore[arg-type]
    assert record.status is Status.PENDING
    assert record.lease


def test_a_test_match_asks_for_no_attention(ledger: Ledger, dynamodb: Any) -> None:
    from dataclasses import replace

    record = replace(ledger.begin(Delivery(UPLOAD)), is_test=True)
    ledger.settle(UPLOAD, record, Status.QUARANTINED)
    assert attention(dynamodb, Status.QUARANTINED) == 0


def test_a_table_that_is_not_there_is_something_to_try_again(dynamodb: Any) -> None:
    with pytest.raises(TryAgain, match="dynamodb:UpdateItem: ResourceNotFoundException"):
        Ledger(dynamodb, "missing", 1).begin(Delivery(UPLOAD))
