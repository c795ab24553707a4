"""Stages an upload whose message was lost: its unsettled record, and the message that the sweep sends for it."""

import json
import time
from typing import Any

from local.aws.queue_poller import to_lambda_record
from local.demo.upload import UploadedVersion
from local.invoke.event_uploads import StoredVersion
from local.stack import EmbeddedCloud
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Upload

# At this age of a record the sweep redelivers its upload.
_RECORD_AGE_SECONDS = 2 * 3600.0
_MAX_WAIT_SECONDS = 5
# The event of a schedule names no upload. This placeholder is one as the other events have it.
UPLOAD = Upload("placeholder", "2026/03/lost.jpg", etag="placeholder", version_id="placeholder")


def write_abandoned_record(cloud: EmbeddedCloud, uploaded: UploadedVersion, stored: StoredVersion) -> None:
    """Write the record that a function leaves behind if it claims the upload and then crashes, two hours ago."""
    claimed_at = time.time() - _RECORD_AGE_SECONDS
    table = ResultsTable(cloud.client("dynamodb"), cloud.endpoints.results_table, 90, now=lambda: claimed_at)
    upload = Upload(
        uploaded.bucket, uploaded.picture.key, etag=stored.etag, version_id=stored.version, size=stored.size
    )
    table.claim(ScanJob(upload))


def receive_redelivered(cloud: EmbeddedCloud, uploaded: UploadedVersion) -> Any:
    """Receive the upload's message from the retry queue as the retry function's event, or None if there is none."""
    sqs, url = cloud.client("sqs"), cloud.endpoints.retry_queue_url
    deadline = time.monotonic() + _MAX_WAIT_SECONDS
    while time.monotonic() < deadline:
        found = sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        for message in found.get("Messages", []):
            if json.loads(message["Body"])["upload"]["key"] == uploaded.picture.key:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return {"Records": [to_lambda_record(message, _read_arn(sqs, url))]}
    return None


def _read_arn(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
