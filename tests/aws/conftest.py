"""An AWS of moto's, in this process: the clients and resources that the modules of photodna_guard/aws speak to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.aws import template
from photodna_guard.aws.results_table import ResultsTable
from tests.aws.results import Time

REGION = "us-east-1"
# One for all tests: what it has read of the services' models, half a second's worth, it keeps.
SESSION = boto3.Session("testing", "testing", region_name=REGION)
SAM = template.load(Path(__file__).resolve().parents[2] / "template.yaml")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
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
def results_table(dynamodb: Any) -> str:
    return a_table(dynamodb, "results", "ResultsTable")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ledger(dynamodb: Any, results_table: str, time: Time) -> ResultsTable:
    return ResultsTable(dynamodb, results_table, clean_result_days=90, now=time)


@pytest.fixture
def rate_limiter_table(dynamodb: Any) -> str:
    return a_table(dynamodb, "limiter", "RateLimiterTable")


def a_table(dynamodb: Any, name: str, logical_id: str) -> str:
    """A table as the template has it, indexes and all."""
    properties = SAM["Resources"][logical_id]["Properties"]
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    dynamodb.create_table(TableName=name, **{key: properties[key] for key in wanted if key in properties})
    return name


@pytest.fixture
def upload_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    return "uploads"
