"""scheduled.build_feeder over the real bucket, tables and queue: a job is fed to its end, by two feeders in turn."""

import json
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from photodna_guard import scheduled
from photodna_guard.aws.backfill_jobs import BackfillJobs
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.domain.backfill_job import PARTITION
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.handlers import on_feed
from photodna_guard.settings import from_environment
from tests.aws.conftest import create_table
from tests.support.clock import ManualClock
from tests.support.environment import COMPLETE_ENVIRONMENT

SESSION = boto3.Session("testing", "testing", region_name="us-east-1")


@pytest.fixture
def queue(sqs: Any, dynamodb: Any, rate_limiter_table: str, monkeypatch: pytest.MonkeyPatch) -> str:
    create_table(dynamodb, "operations", "OperationsTable")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "PhotoDNAGuard")
    return str(sqs.create_queue(QueueName="backfill")["QueueUrl"])


def put(s3: Any, bucket: str, key: str) -> Upload:
    answer = s3.put_object(Bucket=bucket, Key=key, Body=b"1234")
    return Upload(bucket, key, answer["ETag"].strip('"'), answer["VersionId"], 4)


def write_job(dynamodb: Any, bucket: str, state: str = "running") -> None:
    item = {"partition": PARTITION, "id": "j1", "bucket": bucket, "state": state, "began": "2026-11-26T00:00:00Z"}
    values = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    dynamodb.put_item(TableName="operations", Item=values)


def environment(queue: str) -> dict[str, str]:
    return COMPLETE_ENVIRONMENT | {"BACKFILL_QUEUE_URL": queue, "OPERATIONS_TABLE": "operations"}


def read_keys(sqs: Any, queue: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return sorted(json.loads(message["Body"])["upload"]["key"] for message in found)


def test_what_has_no_result_is_sent_once_and_the_job_ends(
    s3: Any, sqs: Any, dynamodb: Any, upload_bucket: str, results: ResultsTable, queue: str, clock: ManualClock
) -> None:
    put(s3, upload_bucket, "ü a.jpg"), put(s3, upload_bucket, "b.jpg")
    known = put(s3, upload_bucket, "known.jpg")
    results.settle(known, results.claim(ScanJob(known)), Status.CLEAN)
    write_job(dynamodb, upload_bucket)
    feeder = scheduled.build_feeder(from_environment(environment(queue)), SESSION, clock, clock.sleep)
    feeder.run(60)
    assert read_keys(sqs, queue) == ["b.jpg", "ü a.jpg"]
    clock.now += 60
    feeder.run(60)
    assert read_keys(sqs, queue) == [], "the job is complete"


def test_second_of_two_feeders_takes_no_step_that_the_first_took(
    dynamodb: Any, upload_bucket: str, queue: str, rate_limiter_table: str, clock: ManualClock
) -> None:
    write_job(dynamodb, upload_bucket)
    jobs = BackfillJobs(Table(dynamodb, "operations"), Table(dynamodb, rate_limiter_table))
    ((job, progress),) = jobs.find_running()
    assert jobs.save(job, progress.end(clock()))
    assert not jobs.save(job, progress.end(clock()))
    assert jobs.find_running() == []


def test_handler_leaves_a_paused_job_alone(
    s3: Any, sqs: Any, dynamodb: Any, upload_bucket: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, upload_bucket, "a.jpg")
    write_job(dynamodb, upload_bucket, state="paused")
    for name, value in environment(queue).items():
        monkeypatch.setenv(name, value)
    scheduled.get_feeder.cache_clear()
    on_feed.handler({}, None)
    scheduled.get_feeder.cache_clear()
    assert read_keys(sqs, queue) == []
