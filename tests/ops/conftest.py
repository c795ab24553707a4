"""The fixtures of the operator's commands: moto in this process, with a backfill queue and buckets."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.support.moto_aws import mocked_aws


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with mocked_aws(monkeypatch):
        yield


@pytest.fixture
def s3() -> Any:
    return boto3.client("s3")


@pytest.fixture
def sqs() -> Any:
    return boto3.client("sqs")


@pytest.fixture
def queue_url(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="backfill", Attributes={"MessageRetentionPeriod": "1209600"})["QueueUrl"]
    return url


@pytest.fixture
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="old")
    s3.put_bucket_versioning(Bucket="old", VersioningConfiguration={"Status": "Enabled"})
    return "old"


@pytest.fixture
def plain_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="plain")
    return "plain"
