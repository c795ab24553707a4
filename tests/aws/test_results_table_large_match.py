"""aws/results_table.py against moto's DynamoDB: the digests of a large match, the user's tags, and a dated hold."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.aws.unsettled_index import UnsettledIndex
from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.errors import LeaseHeldError
from photodna_guard.domain.models import ScanJob, ScanRecord, Status, Upload
from tests.aws.result_items import read_item
from tests.support.clock import ManualClock
from tests.support.factories import COPY, MATCH, SOURCE, UNVERSIONED_UPLOAD, UPLOAD

DIGEST = ContentDigest("5" * 64, "7" * 32, 5 * 1024**3, is_proved=False)
LATER = 86_400


def with_digest(results: ResultsTable, upload: Upload = UPLOAD) -> ScanRecord:
    """Claim, record the match, and note its digests."""
    record = results.record_match(upload, results.claim(ScanJob(upload)), MATCH, {"tags": {"owner": "user"}})
    return results.update_match(upload, record, {"source_digest": asdict(DIGEST)})


def test_noted_digest_is_there_in_the_next_run(results: ResultsTable) -> None:
    record = with_digest(results)
    assert record.digest == DIGEST
    results.defer(UPLOAD, record, "no time", 30)
    again = results.claim(ScanJob(UPLOAD))
    assert (again.status, again.digest) == (Status.MATCHED, DIGEST)


def test_digest_is_removed_when_it_was_wrong(results: ResultsTable) -> None:
    assert results.update_match(UPLOAD, with_digest(results), {"source_digest": None}).digest is None


def test_digest_goes_with_the_copy_and_the_tags_stay(results: ResultsTable, dynamodb: Any) -> None:
    source = replace(SOURCE, tags={"owner": "user"})
    record = results.record_copy(UPLOAD, with_digest(results), COPY, source)
    assert (record.digest, record.match_attributes["tags"]) == (None, {"owner": "user"})
    assert "source_digest" not in read_item(dynamodb)


@pytest.mark.parametrize("tags", [None, {}])
def test_unknown_tags_are_no_empty_ones(results: ResultsTable, tags: dict[str, str] | None) -> None:
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    record = results.record_copy(UPLOAD, record, COPY, replace(SOURCE, tags=tags))
    assert record.match_attributes.get("tags") == tags


def test_only_the_lease_holder_notes_a_digest(results: ResultsTable, clock: ManualClock) -> None:
    record = with_digest(results)
    clock.now += 1000
    results.claim(ScanJob(UPLOAD))
    with pytest.raises(LeaseHeldError):
        results.update_match(UPLOAD, record, {"source_digest": None})


def test_reopened_record_has_neither_digest_nor_tags(results: ResultsTable, dynamodb: Any) -> None:
    results.settle(UNVERSIONED_UPLOAD, with_digest(results, UNVERSIONED_UPLOAD), Status.GONE, "deleted")
    again = results.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert (again.status, again.digest) == (Status.PENDING, None)
    assert not {"source_digest", "tags"} & read_item(dynamodb, UNVERSIONED_UPLOAD).keys()


def test_dated_hold_is_due_on_its_date(results: ResultsTable, dynamodb: Any, clock: ManualClock) -> None:
    until = clock.now + LATER
    results.hold_for_operator(UPLOAD, with_digest(results), "too large to be moved", until)
    (held,) = UnsettledIndex(Table(dynamodb, "results", clock)).iter_held()
    assert held.overdue == int(until)


def test_hold_without_a_date_is_due_at_once(results: ResultsTable, dynamodb: Any, clock: ManualClock) -> None:
    results.hold_for_operator(UPLOAD, with_digest(results), "observe mode")
    (held,) = UnsettledIndex(Table(dynamodb, "results", clock)).iter_held()
    assert held.overdue == int(clock.now)
