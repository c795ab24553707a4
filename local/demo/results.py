"""Reads the results table, and waits until every upload has its verdict."""

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from local.demo.picture import FINAL
from local.demo.upload import PendingUpload, Uploaded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Result = Mapping[str, Any]  # a result item, as the design's Interfaces give it, in plain Python values
Results = Mapping[tuple[str, str], Result]  # by upload ("bucket/key") and version
_POLL_SECONDS = 0.25  # seconds between two looks at the table

_deserializer = TypeDeserializer()


def read_all(dynamodb: "DynamoDBClient", table: str) -> Results:
    """Every result item there is."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = (_to_plain_values(item) for page in pages for item in page["Items"])
    return {(item["upload"], item["version"]): item for item in items}


def wait_for_results(
    uploading: Sequence[PendingUpload],
    read_results: Callable[[], Results],
    show: Callable[[int], None],
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Results:
    """Waits until every upload has a final result, or until none came for `patience` seconds.

    Calls `show` with the number of final results at every look. Returns the results as last read;
    who has none is for the caller to see.
    """
    settled, since = -1, clock()
    while True:
        all_there = all(future.done() for future in uploading)
        there, results = finished_uploads(uploading), read_results()
        now_settled = sum(is_final(results.get(one.id)) for one in there)
        show(now_settled)
        if now_settled != settled:
            settled, since = now_settled, clock()
        if (all_there and settled == len(there)) or clock() - since > patience:
            return results
        sleep(_POLL_SECONDS)


def finished_uploads(uploading: Sequence[PendingUpload]) -> list[Uploaded]:
    """The versions uploaded so far; an upload that failed adds none."""
    done = (future for future in uploading if future.done() and not future.exception())
    return [version for future in done for version in future.result()]


def is_final(result: Result | None) -> bool:
    return result is not None and result["status"] in FINAL


def _to_plain_values(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_number(_deserializer.deserialize(value)) for name, value in item.items()}


def _to_number(value: Any) -> Any:
    """DynamoDB's numbers come as Decimal, which JSON does not take."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_to_number(element) for element in value]
    if isinstance(value, dict):
        return {name: _to_number(element) for name, element in value.items()}
    return value
