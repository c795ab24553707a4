"""What the tests of the results table share: an upload, its match, and what the table says of it."""

from dataclasses import replace
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import (
    MatchFlag,
    MatchOutcome,
    QuarantinedCopy,
    ScanJob,
    ScanRecord,
    SourceObject,
    Status,
    Upload,
    Verdict,
)

NOW = 1_800_000_000.0
UPLOAD = Upload("uploads", "a b+c.jpg", "etag", "v1", 7, "0010", "2027-01-15T08:00:00Z", "AWS:AIDA", "192.0.2.1")
UNVERSIONED = Upload("uploads", "a.jpg", "etag", sequencer="0010")
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-1", flags=(MatchFlag("Other", "7", ("A1",), 3),))
COPY = QuarantinedCopy("key", "qv", "5ha", 7)
SOURCE = SourceObject(b"picture", "image/jpeg", "2027-01-15T07:59:59+00:00", {"album": "holiday"})


class Time:
    """Passes only when a test says so."""

    now = NOW

    def __call__(self) -> float:
        return self.now


def item(dynamodb: Any, upload: Upload = UPLOAD) -> dict[str, Any]:
    key = {"upload": {"S": upload.id}, "version": {"S": upload.version}}
    found = dynamodb.get_item(TableName="results", Key=key)["Item"]
    return {name: TypeDeserializer().deserialize(value) for name, value in found.items()}


def attention(dynamodb: Any, wanted: str) -> int:
    """So many results ask for it."""
    answer = dynamodb.query(
        TableName="results",
        IndexName="needs-attention",
        KeyConditionExpression="needs_attention = :wanted",
        ExpressionAttributeValues={":wanted": {"S": wanted}},
    )
    return int(answer["Count"])


def as_match(record: ScanRecord) -> ScanRecord:
    return replace(record, status=Status.MATCHED)


def quarantined(
    ledger: ResultsTable, upload: Upload = UPLOAD, copy: QuarantinedCopy = COPY, verdict: Verdict = MATCH
) -> ScanRecord:
    """An upload that went all its way."""
    record = ledger.record_match(upload, ledger.claim(ScanJob(upload)), verdict)
    record = ledger.record_copy(upload, record, copy, SOURCE)
    return ledger.settle(upload, record, Status.QUARANTINED)
