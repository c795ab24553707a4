"""aws/unsettled.py and aws/ledger.py against moto's DynamoDB: what the sweep finds, and who may send it again."""

from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.aws.results_table import LEASE_SECONDS, PATIENCE, Ledger
from photodna_guard.aws.table import Table
from photodna_guard.aws.unsettled_index import Unsettled
from photodna_guard.domain.models import Delivery, Status, Upload, Waiting
from tests.aws.results import MATCH, NOW, UNVERSIONED, UPLOAD, Time, item


@pytest.fixture
def unsettled(dynamodb: Any, results_table: str) -> Unsettled:
    return Unsettled(Table(dynamodb, results_table))


def only(unsettled: Unsettled) -> Waiting:
    (waiting,) = unsettled.waiting()
    return waiting


def test_what_was_begun_is_found_with_the_time_of_its_beginning(ledger: Ledger, unsettled: Unsettled) -> None:
    ledger.begin(Delivery(UPLOAD))
    assert only(unsettled) == Waiting(UPLOAD.id, "v1", "retry", NOW, int(NOW) + REDELIVER_AFTER_SECONDS["retry"])


def test_uploads_are_found_in_whichever_partition_they_are(ledger: Ledger, unsettled: Unsettled) -> None:
    keys = {f"{n}.jpg" for n in range(20)}
    for key in keys:
        ledger.begin(Delivery(Upload("uploads", key, "etag", "v1")))
    assert {waiting.upload.removeprefix("uploads/") for waiting in unsettled.waiting()} == keys


def test_a_message_is_overdue_long_after_its_lease_and_its_own_time(ledger: Ledger, unsettled: Unsettled) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    assert only(unsettled).overdue > NOW + LEASE_SECONDS
    ledger.defer(UPLOAD, record, "paused", 900)
    assert only(unsettled).overdue == int(NOW) + 900 + REDELIVER_AFTER_SECONDS["retry"]


def test_a_backfills_messages_have_a_day(dynamodb: Any, results_table: str, unsettled: Unsettled, time: Time) -> None:
    Ledger(dynamodb, results_table, 90, "backfill", time).begin(Delivery(UPLOAD))
    assert (only(unsettled).queue, only(unsettled).overdue) == ("backfill", int(NOW) + 86400)


def test_what_the_retry_lane_takes_up_from_the_backfill_is_the_retry_lanes(
    dynamodb: Any, results_table: str, ledger: Ledger, unsettled: Unsettled, time: Time
) -> None:
    backfill = Ledger(dynamodb, results_table, 90, "backfill", time)
    backfill.defer(UPLOAD, backfill.begin(Delivery(UPLOAD)), "no slot", 30)
    ledger.begin(Delivery(UPLOAD))
    assert only(unsettled).queue == "retry"


@pytest.mark.parametrize("upload", [UPLOAD, UNVERSIONED, Upload("uploads", "a/b/c.jpg", "etag", "v1")])
def test_a_claim_gives_the_upload_as_its_event_told_of_it(ledger: Ledger, unsettled: Unsettled, upload: Upload) -> None:
    ledger.begin(Delivery(upload))
    assert unsettled.claim(only(unsettled), int(NOW)) == upload


def test_two_sweeps_at_once_send_it_once(ledger: Ledger, unsettled: Unsettled) -> None:
    ledger.begin(Delivery(UPLOAD))
    one = another = only(unsettled)
    assert unsettled.claim(one, one.overdue)
    assert unsettled.claim(another, one.overdue) is None


def test_what_was_taken_up_meanwhile_is_not_sent(ledger: Ledger, unsettled: Unsettled, time: Time) -> None:
    ledger.begin(Delivery(UPLOAD))
    seen = only(unsettled)
    time.now += LEASE_SECONDS + 1
    ledger.begin(Delivery(UPLOAD))
    assert unsettled.claim(seen, int(time.now)) is None


def test_what_was_settled_and_told_meanwhile_is_not_sent_and_its_record_left_alone(
    ledger: Ledger, unsettled: Unsettled, dynamodb: Any
) -> None:
    record = ledger.begin(Delivery(UPLOAD))
    seen = only(unsettled)
    ledger.settle(UPLOAD, record, Status.CLEAN)
    assert unsettled.claim(seen, int(NOW)) is None
    assert "redeliver_at" not in item(dynamodb)


def test_the_longer_it_has_waited_the_longer_the_sweep_waits_for_the_next_time(
    ledger: Ledger, unsettled: Unsettled
) -> None:
    ledger.begin(Delivery(UPLOAD))
    for age, patience in ((60, 1800), (1801, 1801), (3602, 3602), (7204, 7204)):
        assert unsettled.claim(only(unsettled), int(NOW) + age)
        assert only(unsettled).overdue == int(NOW) + age + patience


@pytest.mark.parametrize("status", [s for s in Status if s.settled])
def test_a_settled_upload_is_found_until_it_was_announced(ledger: Ledger, unsettled: Unsettled, status: Status) -> None:
    ledger.settle(UPLOAD, ledger.begin(Delivery(UPLOAD)), status)
    assert len(list(unsettled.waiting())) == (status is not Status.CLEAN)
    ledger.announced(UPLOAD)
    assert list(unsettled.waiting()) == []


def test_a_withheld_match_is_held_and_nothing_else_is(ledger: Ledger, unsettled: Unsettled, time: Time) -> None:
    ledger.begin(Delivery(UNVERSIONED))
    record = ledger.matched(UPLOAD, ledger.begin(Delivery(UPLOAD)), MATCH)
    assert list(unsettled.held()) == []
    ledger.withhold(UPLOAD, record, "observe mode")
    assert [waiting.upload for waiting in unsettled.held()] == [UPLOAD.id]
    assert [waiting.upload for waiting in unsettled.waiting()] == [UNVERSIONED.id]
    (held,) = unsettled.held()
    assert held.overdue <= NOW


def test_a_held_match_that_is_taken_up_is_on_its_way_again(ledger: Ledger, unsettled: Unsettled) -> None:
    record = ledger.matched(UPLOAD, ledger.begin(Delivery(UPLOAD)), MATCH)
    ledger.withhold(UPLOAD, record, "observe mode")
    (held,) = unsettled.held()
    assert unsettled.claim(held, int(NOW)) == UPLOAD
    ledger.begin(Delivery(UPLOAD))
    assert list(unsettled.held()) == []
    assert only(unsettled).upload == UPLOAD.id


def test_more_than_one_page_of_the_index_is_read(ledger: Ledger, unsettled: Unsettled, dynamodb: Any) -> None:
    for version in range(7):
        ledger.begin(Delivery(replace(UPLOAD, version_id=f"v{version}")))

    def small_pages(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 3

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", small_pages)
    assert len(list(unsettled.waiting())) == 7
