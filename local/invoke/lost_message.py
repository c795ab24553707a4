"""An upload whose message vanished: the record that is left of it, and the message that the sweep sends instead."""

import json
import time
from typing import Any

from local.aws import EmbeddedCloud
from local.aws.queue_poller import record
from local.demo.upload import UploadedVersion
from local.invoke.event_uploads import StoredVersion
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Upload

_AGO = 2 * 3600.0  # seconds: by then the sweep takes a message for lost
_WAIT = 5  # seconds for the message
# A schedule's event speaks of no upload: this stands for one, with a version as the other events have it.
UPLOAD = Upload("placeholder", "2026/03/lost.jpg", etag="placeholder", version_id="placeholder")


def write_abandoned_record(cloud: EmbeddedCloud, uploaded: UploadedVersion, stored: StoredVersion) -> None:
    """Writes the record as a function does that begins with the upload, two hours ago, and then is no more."""
    table = ResultsTable(cloud.client("dynamodb"), cloud.endpoints.results_table, 90, now=lambda: time.time() - _AGO)
    upload = Upload(
        uploaded.bucket, uploaded.picture.key, etag=stored.etag, version_id=stored.version, size=stored.size
    )
    table.claim(ScanJob(upload))


def receive_redelivered(cloud: EmbeddedCloud, uploaded: UploadedVersion) -> Any:
    """The retry function's event with the upload's message from the retry queue; None where none is there."""
    sqs, url = cloud.client("sqs"), cloud.endpoints.retry_queue_url
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        found = sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        for message in found.get("Messages", []):
            if json.loads(message["Body"])["upload"]["key"] == uploaded.picture.key:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return {"Records": [record(message, _read_arn(sqs, url))]}
    return None


def _read_arn(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
