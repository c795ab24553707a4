"""Reads the results table, and waits until every upload has its final result."""

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from local.demo.picture import FINAL
from local.demo.upload import PendingUpload, UploadedVersion

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# One item of the results table in plain Python values.
Result = Mapping[str, Any]
# The key is the upload ("bucket/key") and the version.
Results = Mapping[tuple[str, str], Result]
_POLL_SECONDS = 0.25

_deserializer = TypeDeserializer()


def read_all(dynamodb: "DynamoDBClient", table: str) -> Results:
    """Read every item of the results table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = (_to_plain_values(item) for page in pages for item in page["Items"])
    return {(item["upload"], item["version"]): item for item in items}


def wait_for_results(
    uploading: Sequence[PendingUpload],
    read_results: Callable[[], Results],
    show: Callable[[int], None],
    idle_timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Results:
    """Wait until every upload has a final result, or no new one has come for `idle_timeout` seconds.

    Calls `show` with the number of final results after every read. Returns the results as last read; some uploads
    may have none.
    """
    settled, changed_at = -1, clock()
    while True:
        all_uploaded = all(future.done() for future in uploading)
        uploaded, results = finished_uploads(uploading), read_results()
        now_settled = sum(is_final(results.get(one.id)) for one in uploaded)
        show(now_settled)
        if now_settled != settled:
            settled, changed_at = now_settled, clock()
        if (all_uploaded and settled == len(uploaded)) or clock() - changed_at > idle_timeout:
            return results
        sleep(_POLL_SECONDS)


def finished_uploads(uploading: Sequence[PendingUpload]) -> list[UploadedVersion]:
    """Return the versions uploaded until now, without the failed uploads."""
    done = (future for future in uploading if future.done() and not future.exception())
    return [version for future in done for version in future.result()]


def is_final(result: Result | None) -> bool:
    """Tell whether the result stays as it is."""
    return result is not None and result["status"] in FINAL


def _to_plain_values(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_number(_deserializer.deserialize(value)) for name, value in item.items()}


def _to_number(value: Any) -> Any:
    """Convert DynamoDB's Decimal, which JSON does not take, wherever it is in the value."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_to_number(element) for element in value]
    if isinstance(value, dict):
        return {name: _to_number(element) for name, element in value.items()}
    return value
