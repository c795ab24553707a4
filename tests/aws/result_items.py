"""Reading the results table, and bringing an upload into quarantine there."""

from dataclasses import replace
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import QuarantinedCopy, ScanJob, ScanRecord, Status, Upload
from photodna_guard.domain.verdicts import Verdict
from tests.support.factories import COPY, MATCH, SOURCE, UPLOAD


def read_item(dynamodb: Any, upload: Upload = UPLOAD) -> dict[str, Any]:
    """Return the upload's item with Python's values."""
    key = {"upload": {"S": upload.id}, "version": {"S": upload.version}}
    item = dynamodb.get_item(TableName="results", Key=key)["Item"]
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def count_needing_attention(dynamodb: Any, status: str) -> int:
    """Count the items that the needs-attention index has under this status."""
    answer = dynamodb.query(
        TableName="results",
        IndexName="needs-attention",
        KeyConditionExpression="needs_attention = :wanted",
        ExpressionAttributeValues={":wanted": {"S": status}},
    )
    return int(answer["Count"])


def as_match(record: ScanRecord) -> ScanRecord:
    """Return the record as it is once its match is written."""
    return replace(record, status=Status.MATCHED)


def quarantine_upload(
    results: ResultsTable, upload: Upload = UPLOAD, copy: QuarantinedCopy = COPY, verdict: Verdict = MATCH
) -> ScanRecord:
    """Write every step of a match's quarantine. Return the settled record."""
    record = results.record_match(upload, results.claim(ScanJob(upload)), verdict)
    record = results.record_copy(upload, record, copy, SOURCE)
    return results.settle(upload, record, Status.QUARANTINED)
