"""S3 and DynamoDB of the embedded AWS behave like AWS: locks, conditions, presigned URLs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws import EmbeddedAws


def get_error(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


# ---------------------------------------------------------------- the stack


def test_buckets_have_the_properties_of_the_template(aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")

    lock = s3.get_object_lock_configuration(Bucket=aws.resource("Locked"))["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"
    assert lock["Rule"]["DefaultRetention"]["Days"] == 30
    assert s3.get_bucket_versioning(Bucket=aws.resource("Uploads"))["Status"] == "Enabled"
    assert "Status" not in s3.get_bucket_versioning(Bucket=aws.resource("Plain"))


def test_table_has_time_to_live_and_recovery(aws: EmbeddedAws) -> None:
    dynamodb, table = aws.client("dynamodb"), aws.resource("Counters")

    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires_at")
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_resource_with_false_condition_is_missing(aws: EmbeddedAws) -> None:
    with pytest.raises(KeyError):
        aws.resource("Absent")


# ---------------------------------------------------------------- S3


def test_put_with_lock_and_checksum_keeps_both(aws: EmbeddedAws) -> None:
    s3, locked = aws.client("s3"), aws.resource("Locked")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    checksum = base64.b64encode(hashlib.sha256(b"evidence").digest()).decode()

    put = s3.put_object(Bucket=locked, Key="kept", Body=b"evidence", ChecksumSHA256=checksum, **lock)

    this = {"Bucket": locked, "Key": "kept", "VersionId": put["VersionId"]}
    assert s3.get_object_retention(**this)["Retention"] == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    head = s3.head_object(**this, ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ContentLength"]) == (checksum, 8)


def test_put_with_another_checksum_is_refused(aws: EmbeddedAws) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Uploads")
    checksum = base64.b64encode(hashlib.sha256(b"other").digest()).decode()

    error = get_error(lambda: s3.put_object(Bucket=bucket, Key="other", Body=b"x", ChecksumSHA256=checksum))

    assert error == (400, "BadDigest")


def test_locked_version_refuses_deletion_and_a_shorter_lock(aws: EmbeddedAws) -> None:
    s3, locked = aws.client("s3"), aws.resource("Locked")
    version = s3.put_object(Bucket=locked, Key="locked", Body=b"x")["VersionId"]
    this = {"Bucket": locked, "Key": "locked", "VersionId": version}
    sooner = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)}

    assert get_error(lambda: s3.delete_object(**this)) == (403, "AccessDenied")
    assert get_error(lambda: s3.put_object_retention(**this, Retention=sooner)) == (403, "AccessDenied")
    later = {**sooner, "RetainUntilDate": datetime.now(UTC) + timedelta(days=99)}
    s3.put_object_retention(**this, Retention=later)
    s3.put_object_retention(**this, Retention=sooner, BypassGovernanceRetention=True)
    s3.delete_object(**this, BypassGovernanceRetention=True)
    assert get_error(lambda: s3.get_object(**this)) == (404, "NoSuchVersion")


def test_put_without_lock_gets_the_default_lock(aws: EmbeddedAws) -> None:
    s3, locked = aws.client("s3"), aws.resource("Locked")
    version = s3.put_object(Bucket=locked, Key="default", Body=b"x")["VersionId"]

    retention = s3.get_object_retention(Bucket=locked, Key="default", VersionId=version)["Retention"]
    assert timedelta(days=29) < retention["RetainUntilDate"] - datetime.now(UTC) < timedelta(days=31)


def test_delete_with_another_etag_is_refused(aws: EmbeddedAws) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Plain")
    etag = s3.put_object(Bucket=bucket, Key="deleted", Body=b"x")["ETag"]

    other = get_error(lambda: s3.delete_object(Bucket=bucket, Key="deleted", IfMatch='"0123"'))

    assert other == (412, "PreconditionFailed")
    s3.delete_object(Bucket=bucket, Key="deleted", IfMatch=etag)
    assert get_error(lambda: s3.get_object(Bucket=bucket, Key="deleted")) == (404, "NoSuchKey")


def test_ranged_get_responds_like_s3(aws: EmbeddedAws) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Uploads")
    put = s3.put_object(Bucket=bucket, Key="ranged", Body=b"0123456789", Tagging="a=1&b=2")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    version = put["VersionId"]

    got = s3.get_object(Bucket=bucket, Key="ranged", VersionId=version, Range="bytes=0-3", IfMatch=put["ETag"])

    assert got["Body"].read() == b"0123"
    assert (got["ContentRange"], got["TagCount"], got["VersionId"]) == ("bytes 0-3/10", 2, version)
    assert s3.get_object(Bucket=bucket, Key="ranged", Range="bytes=5-99")["Body"].read() == b"56789"
    assert get_error(lambda: s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-9")) == (416, "InvalidRange")
    assert get_error(lambda: s3.get_object(Bucket=bucket, Key="none", Range="bytes=0-9")) == (404, "NoSuchKey")
    changed = get_error(lambda: s3.get_object(Bucket=bucket, Key="ranged", IfMatch='"0123"', Range="bytes=0-3"))
    assert changed == (412, "PreconditionFailed")


@pytest.mark.parametrize("signature", ["s3", "s3v4"])
def test_presigned_url_serves_its_version_until_it_expires(aws: EmbeddedAws, signature: str) -> None:
    bucket = aws.resource("Uploads")
    s3 = boto3.client(
        "s3",
        endpoint_url=aws.aws_endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(signature_version=signature),
    )
    version = s3.put_object(Bucket=bucket, Key="a b+c/ü", Body=b"first")["VersionId"]
    s3.put_object(Bucket=bucket, Key="a b+c/ü", Body=b"second")
    params = {"Bucket": bucket, "Key": "a b+c/ü", "VersionId": version}

    url = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
    long_ago = re.sub(r"(X-Amz-Date=20)\d\d", r"\g<1>20", re.sub(r"(&Expires=)\d+", r"\g<1>1700000000", url))

    valid, late = requests.get(url, timeout=10), requests.get(long_ago, timeout=10)

    assert valid.content == b"first"
    assert (late.status_code, "AccessDenied" in late.text) == (403, True)


def test_unsigned_request_is_refused(aws: EmbeddedAws) -> None:
    bucket = aws.resource("Uploads")
    aws.client("s3").put_object(Bucket=bucket, Key="private", Body=b"x")

    assert requests.get(f"{aws.aws_endpoint_url}/{bucket}/private", timeout=10).status_code == 403


# ---------------------------------------------------------------- DynamoDB


def test_failed_condition_returns_the_item(aws: EmbeddedAws) -> None:
    dynamodb, table = aws.client("dynamodb"), aws.resource("Counters")
    item = {"name": {"S": "met"}, "value": {"N": "1"}}
    dynamodb.put_item(TableName=table, Item=item)

    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.update_item(
            TableName=table,
            Key={"name": {"S": "met"}},
            UpdateExpression="SET #v = if_not_exists(#v, :new)",
            ConditionExpression="attribute_not_exists(#v)",
            ExpressionAttributeNames={"#v": "value"},
            ExpressionAttributeValues={":new": {"N": "2"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == item
