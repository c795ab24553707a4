"""A stack's tables and queues in moto, and guardctl as an operator calls it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ops.guardctl.main import main
from ops.guardctl.target import Target
from ops.stack import Stack
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import QuarantinedCopy, ScanJob, SourceObject, Status, Upload
from tests.aws.conftest import create_table
from tests.ops.guardctl.existing_bucket import FakeS3, make_bucket, watch
from tests.support.clock import ManualClock
from tests.support.factories import MATCH
from tests.support.moto_aws import SESSION

OUTPUTS = {
    "ResultsTableName": "results",
    "RateLimiterTableName": "limiter",
    "OperationsTableName": "operations",
    "QuarantineBucketName": "quarantine",
    "UploadBucketName": "uploads",
}
QUEUES = {"RetryQueue": "retry", "BackfillQueue": "backfill", "DeadLetterQueue": "dead"}

URI, PICTURE, DAY = "s3://uploads/a b.jpg", b"picture", 86400
WHY = ("--reason", "a drawing", "--yes")
OWN_TAGS = {"owner": "ann", "Scan-Status": "clean"}
OWN_HEADERS = {"CacheControl": "max-age=60", "ContentEncoding": "identity"}
OWN = SourceObject(PICTURE, "image/png", "2026-11-26T00:00:00Z", {"album": "b 7"}, OWN_HEADERS, len(PICTURE), OWN_TAGS)


@dataclass
class Console:
    """Runs commands on one target. `code`, `out` and `err` are those of the last one."""

    target: Target
    capsys: pytest.CaptureFixture[str]
    code: int = 0
    out: str = ""
    err: str = ""

    def run(self, *arguments: str) -> int:
        self.capsys.readouterr()
        self.code = main(arguments, lambda *_: self.target)
        self.out, self.err = self.capsys.readouterr()
        return self.code

    def json(self, *arguments: str) -> Any:
        assert self.run(*arguments, "--json") == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def target(aws: None, clock: ManualClock) -> Target:
    dynamodb, sqs = SESSION.client("dynamodb"), SESSION.client("sqs")
    for name, logical_id in (
        ("results", "ResultsTable"),
        ("limiter", "RateLimiterTable"),
        ("operations", "OperationsTable"),
    ):
        create_table(dynamodb, name, logical_id)
    outputs = dict(OUTPUTS)
    for logical_id, name in QUEUES.items():
        outputs[f"{logical_id}Url"] = sqs.create_queue(QueueName=name)["QueueUrl"]
        outputs[f"{logical_id}Arn"] = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    stack = Stack("guard", outputs, {"RatePerSecond": "10", "MonthlyQuota": "1000"})
    make: Callable[[str], Any] = SESSION.client  # type: ignore[assignment]
    return Target(stack, "arn:aws:iam::1:user/ann", make, clock, clock.sleep)


@pytest.fixture
def console(target: Target, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(target, capsys)


@pytest.fixture
def s3(aws: None) -> FakeS3:
    """Make a bucket that exists, with a policy and a notification of its owner."""
    return make_bucket()


@pytest.fixture
def guard(console: Console, s3: FakeS3) -> Console:
    """Return the console on a stack that watches that bucket."""
    console.target = watch(console.target, s3)
    return console


As = Callable[[str], Console]


@pytest.fixture
def buckets(target: Target) -> Any:
    """Make both buckets, and return a client of S3."""
    s3 = SESSION.client("s3")
    for name in ("uploads", "quarantine"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


@pytest.fixture
def quarantine(buckets: Any, clock: ManualClock) -> Callable[..., str]:
    """Return a function that leaves a match in quarantine, and returns its version."""
    table = ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)

    def make(content: bytes = PICTURE, version: str = "v1", source: SourceObject = OWN, recorded: str = "") -> str:
        upload = Upload("uploads", "a b.jpg", "etag", None if version.startswith("etag:") else version, len(content))
        stored = buckets.put_object(Bucket="quarantine", Key=f"folder/{version}", Body=content)["VersionId"]
        record = table.record_match(upload, table.claim(ScanJob(upload)), MATCH, {})
        sha256 = recorded or hashlib.sha256(content).hexdigest()
        copy = QuarantinedCopy(f"folder/{version}", stored, sha256, len(content))
        record = table.record_copy(upload, record, copy, source)
        table.settle(upload, record, Status.QUARANTINED)
        return str(stored)

    return make


@pytest.fixture
def by(console: Console, buckets: Any) -> As:
    """Return a function that gives the console to somebody."""
    base = console.target

    def give(name: str) -> Console:
        who = f"arn:aws:iam::1:user/{name}"
        make: Any = SESSION.client
        console.target = replace(base, who=who, clients_of=lambda _: make)
        return console

    return give


def release(console: Console, *arguments: str) -> int:
    """Run guardctl release on the match in quarantine, and return its exit code."""
    return console.run("release", URI, *arguments, *WHY)
