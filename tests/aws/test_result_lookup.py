"""aws/result_lookup.py against moto's DynamoDB."""

from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.aws.result_lookup import MAX_KEYS, ResultLookup
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import DeferrableError
from photodna_guard.domain.models import ScanJob
from tests.support.factories import MATCH, UNVERSIONED_UPLOAD, UPLOAD


@pytest.fixture
def lookup(dynamodb: Any, results_table: str) -> ResultLookup:
    return ResultLookup(Table(dynamodb, results_table))


def test_only_an_unfinished_match_is_found_as_one(results: ResultsTable, lookup: ResultLookup) -> None:
    results.claim(ScanJob(UNVERSIONED_UPLOAD))
    results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    nowhere = replace(UPLOAD, key="nowhere.jpg")
    assert lookup.find_without_service([UPLOAD, UPLOAD, UNVERSIONED_UPLOAD, nowhere]) == {UPLOAD.record_key}


def test_more_uploads_than_one_call_takes_are_looked_up(
    results: ResultsTable, lookup: ResultLookup, dynamodb: Any
) -> None:
    many = [replace(UPLOAD, key=f"{n:03}.jpg") for n in range(MAX_KEYS + 1)]
    results.record_match(many[-1], results.claim(ScanJob(many[-1])), MATCH)
    assert lookup.find_without_service(many) == {many[-1].record_key}


def test_keys_that_dynamodb_left_out_are_not_taken_for_missing(lookup: ResultLookup, dynamodb: Any) -> None:
    def leave_out(parsed: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedKeys"] = {"results": {"Keys": [{"upload": {"S": UPLOAD.id}}]}}

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out)
    with pytest.raises(DeferrableError, match="BatchGetItem"):
        lookup.find_without_service([UPLOAD])
