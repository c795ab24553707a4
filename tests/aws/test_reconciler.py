"""scheduled.build_reconciliation: the reconciliation over real bucket, table and queues, with a clock of its own."""

import json
from typing import Any

import boto3
import pytest

from photodna_guard import scheduled
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Upload
from photodna_guard.scanning.reconciler import GRACE_SECONDS, PASS_SECONDS
from photodna_guard.settings import from_environment
from tests.aws.result_items import read_item
from tests.support.clock import ManualClock
from tests.support.environment import COMPLETE_ENVIRONMENT

SESSION = boto3.Session("testing", "testing", region_name="us-east-1")


@pytest.fixture
def queue(sqs: Any, rate_limiter_table: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "PhotoDNAGuard")
    return str(sqs.create_queue(QueueName="retry")["QueueUrl"])


def put(s3: Any, bucket: str, key: str) -> Upload:
    answer = s3.put_object(Bucket=bucket, Key=key, Body=b"1234")
    return Upload(bucket, key, answer["ETag"].strip('"'), answer["VersionId"], 4)


def reconcile(bucket: str, queue: str, clock: ManualClock) -> None:
    settings = from_environment(COMPLETE_ENVIRONMENT | {"RETRY_QUEUE_URL": queue})
    scheduled.build_reconciliation(settings, [bucket], 20, SESSION, clock).run()


def test_upload_without_record_is_sent_once_and_leaves_a_record(
    s3: Any, sqs: Any, dynamodb: Any, upload_bucket: str, results: ResultsTable, queue: str, clock: ManualClock
) -> None:
    lost, known = put(s3, upload_bucket, "ü lost.jpg"), put(s3, upload_bucket, "known.jpg")
    clock.now = s3.head_object(Bucket=upload_bucket, Key="known.jpg")["LastModified"].timestamp()
    results.claim(ScanJob(known))
    clock.now += GRACE_SECONDS + 10
    reconcile(upload_bucket, queue, clock)
    clock.now += PASS_SECONDS
    reconcile(upload_bucket, queue, clock)
    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["upload"]["version_id"] == lost.version_id
    item = read_item(dynamodb, lost)
    assert (item["status"], item["reason"], "lease" in item) == ("DEFERRED", "no notification", False)
