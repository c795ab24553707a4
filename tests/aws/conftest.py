"""An AWS of moto's, in this process: the clients and resources that the modules of guard/aws speak to."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

REGION = "us-east-1"


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
    return boto3.client("dynamodb")


@pytest.fixture
def s3(aws: None) -> Any:
    return boto3.client("s3")


@pytest.fixture
def sqs(aws: None) -> Any:
    return boto3.client("sqs")


@pytest.fixture
def results_table(dynamodb: Any) -> str:
    dynamodb.create_table(
        TableName="results",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": n, "AttributeType": "S"} for n in ("upload", "version", "attention", "received_at")
        ],
        KeySchema=[{"AttributeName": "upload", "KeyType": "HASH"}, {"AttributeName": "version", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "attention",
                "KeySchema": [
                    {"AttributeName": "attention", "KeyType": "HASH"},
                    {"AttributeName": "received_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return "results"


@pytest.fixture
def pacer_table(dynamodb: Any) -> str:
    dynamodb.create_table(
        TableName="pacer",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pacer", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pacer", "KeyType": "HASH"}],
    )
    return "pacer"


@pytest.fixture
def upload_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    return "uploads"


@pytest.fixture
def quarantine_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="quarantine", ObjectLockEnabledForBucket=True)
    return "quarantine"
