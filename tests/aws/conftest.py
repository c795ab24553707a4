"""moto in this process, and the clients, tables and buckets that the modules of photodna_guard/aws call."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.upload_bucket import UploadBucket
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION, mocked_aws
from tests.support.template import RESOURCES, take_first_branch


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with mocked_aws(monkeypatch):
        yield


@pytest.fixture
def dynamodb(aws: None) -> Any:
    return SESSION.client("dynamodb")


@pytest.fixture
def s3(aws: None) -> Any:
    return SESSION.client("s3")


@pytest.fixture
def sqs(aws: None) -> Any:
    return SESSION.client("sqs")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def results_table(dynamodb: Any) -> str:
    return create_table(dynamodb, "results", "ResultsTable")


@pytest.fixture
def results(dynamodb: Any, results_table: str, clock: ManualClock) -> ResultsTable:
    return ResultsTable(dynamodb, results_table, clean_result_days=90, now=clock)


@pytest.fixture
def rate_limiter_table(dynamodb: Any) -> str:
    return create_table(dynamodb, "limiter", "RateLimiterTable")


@pytest.fixture
def upload_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    return "uploads"


@pytest.fixture
def plain_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="plain")
    return "plain"


@pytest.fixture
def uploads(upload_bucket: str) -> UploadBucket:
    return UploadBucket(SESSION.client("s3", config=Config(signature_version="s3v4")))


def create_table(dynamodb: Any, name: str, logical_id: str) -> str:
    """Create a table with the keys and indexes that the template gives it. Return its name."""
    properties = take_first_branch(RESOURCES[logical_id]["Properties"])
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    dynamodb.create_table(TableName=name, **{key: properties[key] for key in wanted if key in properties})
    return name
