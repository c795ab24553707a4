"""aws/unsettled.py and aws/ledger.py against moto's DynamoDB: what the sweep finds, and who may send it again."""

from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.aws.results_table import LEASE_SECONDS, REDELIVER_AFTER_SECONDS, ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.aws.unsettled_index import UnsettledIndex
from photodna_guard.domain.models import ScanJob, Status, UnsettledRecord, Upload
from tests.aws.results import MATCH, NOW, UNVERSIONED, UPLOAD, Time, item


@pytest.fixture
def unsettled(dynamodb: Any, results_table: str) -> UnsettledIndex:
    return UnsettledIndex(Table(dynamodb, results_table))


def only(unsettled: UnsettledIndex) -> UnsettledRecord:
    (waiting,) = unsettled.iter_unsettled()
    return waiting


def test_what_was_begun_is_found_with_the_time_of_its_beginning(
    ledger: ResultsTable, unsettled: UnsettledIndex
) -> None:
    ledger.claim(ScanJob(UPLOAD))
    assert only(unsettled) == UnsettledRecord(
        UPLOAD.id, "v1", "retry", NOW, int(NOW) + REDELIVER_AFTER_SECONDS["retry"]
    )


def test_uploads_are_found_in_whichever_partition_they_are(ledger: ResultsTable, unsettled: UnsettledIndex) -> None:
    keys = {f"{n}.jpg" for n in range(20)}
    for key in keys:
        ledger.claim(ScanJob(Upload("uploads", key, "etag", "v1")))
    assert {waiting.upload.removeprefix("uploads/") for waiting in unsettled.iter_unsettled()} == keys


def test_a_message_is_overdue_long_after_its_lease_and_its_own_time(
    ledger: ResultsTable, unsettled: UnsettledIndex
) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    assert only(unsettled).overdue > NOW + LEASE_SECONDS
    ledger.defer(UPLOAD, record, "paused", 900)
    assert only(unsettled).overdue == int(NOW) + 900 + REDELIVER_AFTER_SECONDS["retry"]


def test_a_backfills_messages_have_a_day(
    dynamodb: Any, results_table: str, unsettled: UnsettledIndex, time: Time
) -> None:
    ResultsTable(dynamodb, results_table, 90, "backfill", time).claim(ScanJob(UPLOAD))
    assert (only(unsettled).queue, only(unsettled).overdue) == ("backfill", int(NOW) + 86400)


def test_what_the_retry_lane_takes_up_from_the_backfill_is_the_retry_lanes(
    dynamodb: Any, results_table: str, ledger: ResultsTable, unsettled: UnsettledIndex, time: Time
) -> None:
    backfill = ResultsTable(dynamodb, results_table, 90, "backfill", time)
    backfill.defer(UPLOAD, backfill.claim(ScanJob(UPLOAD)), "no slot", 30)
    ledger.claim(ScanJob(UPLOAD))
    assert only(unsettled).queue == "retry"


@pytest.mark.parametrize("upload", [UPLOAD, UNVERSIONED, Upload("uploads", "a/b/c.jpg", "etag", "v1")])
def test_a_claim_gives_the_upload_as_its_event_told_of_it(
    ledger: ResultsTable, unsettled: UnsettledIndex, upload: Upload
) -> None:
    ledger.claim(ScanJob(upload))
    assert unsettled.claim(only(unsettled), int(NOW)) == upload


def test_two_sweeps_at_once_send_it_once(ledger: ResultsTable, unsettled: UnsettledIndex) -> None:
    ledger.claim(ScanJob(UPLOAD))
    one = another = only(unsettled)
    assert unsettled.claim(one, one.overdue)
    assert unsettled.claim(another, one.overdue) is None


def test_what_was_taken_up_meanwhile_is_not_sent(ledger: ResultsTable, unsettled: UnsettledIndex, time: Time) -> None:
    ledger.claim(ScanJob(UPLOAD))
    seen = only(unsettled)
    time.now += LEASE_SECONDS + 1
    ledger.claim(ScanJob(UPLOAD))
    assert unsettled.claim(seen, int(time.now)) is None


def test_what_was_settled_and_told_meanwhile_is_not_sent_and_its_record_left_alone(
    ledger: ResultsTable, unsettled: UnsettledIndex, dynamodb: Any
) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    seen = only(unsettled)
    ledger.settle(UPLOAD, record, Status.CLEAN)
    assert unsettled.claim(seen, int(NOW)) is None
    assert "redeliver_at" not in item(dynamodb)


def test_the_longer_it_has_waited_the_longer_the_sweep_waits_for_the_next_time(
    ledger: ResultsTable, unsettled: UnsettledIndex
) -> None:
    ledger.claim(ScanJob(UPLOAD))
    for age, patience in ((60, 1800), (1801, 1801), (3602, 3602), (7204, 7204)):
        assert unsettled.claim(only(unsettled), int(NOW) + age)
        assert only(unsettled).overdue == int(NOW) + age + patience


@pytest.mark.parametrize("status", [s for s in Status if s.settled])
def test_a_settled_upload_is_found_until_it_was_announced(
    ledger: ResultsTable, unsettled: UnsettledIndex, status: Status
) -> None:
    ledger.settle(UPLOAD, ledger.claim(ScanJob(UPLOAD)), status)
    assert len(list(unsettled.iter_unsettled())) == (status is not Status.CLEAN)
    ledger.mark_published(UPLOAD)
    assert list(unsettled.iter_unsettled()) == []


def test_a_withheld_match_is_held_and_nothing_else_is(
    ledger: ResultsTable, unsettled: UnsettledIndex, time: Time
) -> None:
    ledger.claim(ScanJob(UNVERSIONED))
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), MATCH)
    assert list(unsettled.iter_held()) == []
    ledger.hold_for_operator(UPLOAD, record, "observe mode")
    assert [waiting.upload for waiting in unsettled.iter_held()] == [UPLOAD.id]
    assert [waiting.upload for waiting in unsettled.iter_unsettled()] == [UNVERSIONED.id]
    (held,) = unsettled.iter_held()
    assert held.overdue <= NOW


def test_a_held_match_that_is_taken_up_is_on_its_way_again(ledger: ResultsTable, unsettled: UnsettledIndex) -> None:
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), MATCH)
    ledger.hold_for_operator(UPLOAD, record, "observe mode")
    (held,) = unsettled.iter_held()
    assert unsettled.claim(held, int(NOW)) == UPLOAD
    ledger.claim(ScanJob(UPLOAD))
    assert list(unsettled.iter_held()) == []
    assert only(unsettled).upload == UPLOAD.id


def test_more_than_one_page_of_the_index_is_read(
    ledger: ResultsTable, unsettled: UnsettledIndex, dynamodb: Any
) -> None:
    for version in range(7):
        ledger.claim(ScanJob(replace(UPLOAD, version_id=f"v{version}")))

    def small_pages(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 3

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", small_pages)
    assert len(list(unsettled.iter_unsettled())) == 7
