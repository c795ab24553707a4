"""Where the embedded cloud's S3, SQS and DynamoDB must do what AWS does: locks, conditions, URLs."""

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

from local.aws import EmbeddedCloud


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


# ---------------------------------------------------------------- the stack


def test_the_buckets_are_as_the_template_says(cloud: EmbeddedCloud) -> None:
    s3 = cloud.client("s3")

    lock = s3.get_object_lock_configuration(Bucket=cloud.resource("Locked"))["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"
    assert lock["Rule"]["DefaultRetention"]["Days"] == 30
    assert s3.get_bucket_versioning(Bucket=cloud.resource("Uploads"))["Status"] == "Enabled"
    assert "Status" not in s3.get_bucket_versioning(Bucket=cloud.resource("Plain"))


def test_the_table_has_its_time_to_live_and_recovery(cloud: EmbeddedCloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), cloud.resource("Counters")

    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires_at")
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_resource_whose_condition_is_false_is_not_there(cloud: EmbeddedCloud) -> None:
    with pytest.raises(KeyError):
        cloud.resource("Absent")


# ---------------------------------------------------------------- S3


def test_a_copy_is_locked_and_its_checksum_computed(cloud: EmbeddedCloud) -> None:
    s3, source, locked = cloud.client("s3"), cloud.resource("Uploads"), cloud.resource("Locked")
    version = s3.put_object(Bucket=source, Key="match", Body=b"evidence")["VersionId"]
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)

    copied = s3.copy_object(
        Bucket=locked,
        Key="kept",
        CopySource={"Bucket": source, "Key": "match", "VersionId": version},
        ChecksumAlgorithm="SHA256",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
    )

    expected = base64.b64encode(hashlib.sha256(b"evidence").digest()).decode()
    assert copied["CopyObjectResult"]["ChecksumSHA256"] == expected
    assert copied["CopySourceVersionId"] == version
    this = {"Bucket": locked, "Key": "kept", "VersionId": copied["VersionId"]}
    assert s3.get_object_retention(**this)["Retention"] == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    head = s3.head_object(**this, ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ContentLength"]) == (expected, 8)


def test_a_locked_version_refuses_deletion_and_a_shorter_lock(cloud: EmbeddedCloud) -> None:
    s3, locked = cloud.client("s3"), cloud.resource("Locked")
    version = s3.put_object(Bucket=locked, Key="locked", Body=b"x")["VersionId"]
    this = {"Bucket": locked, "Key": "locked", "VersionId": version}
    sooner = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)}

    assert refused(lambda: s3.delete_object(**this)) == (403, "AccessDenied")
    assert refused(lambda: s3.put_object_retention(**this, Retention=sooner)) == (403, "AccessDenied")
    later = {**sooner, "RetainUntilDate": datetime.now(UTC) + timedelta(days=99)}
    s3.put_object_retention(**this, Retention=later)
    s3.put_object_retention(**this, Retention=sooner, BypassGovernanceRetention=True)
    s3.delete_object(**this, BypassGovernanceRetention=True)
    assert refused(lambda: s3.get_object(**this)) == (404, "NoSuchVersion")


def test_a_plain_copy_takes_the_default_lock(cloud: EmbeddedCloud) -> None:
    s3, locked = cloud.client("s3"), cloud.resource("Locked")
    s3.put_object(Bucket=cloud.resource("Plain"), Key="source", Body=b"x")
    source = {"Bucket": cloud.resource("Plain"), "Key": "source"}
    version = s3.copy_object(Bucket=locked, Key="default", CopySource=source)["VersionId"]

    retention = s3.get_object_retention(Bucket=locked, Key="default", VersionId=version)["Retention"]
    assert timedelta(days=29) < retention["RetainUntilDate"] - datetime.now(UTC) < timedelta(days=31)


def test_a_copy_of_another_etag_is_refused(cloud: EmbeddedCloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.resource("Uploads")
    etag = s3.put_object(Bucket=bucket, Key="changing", Body=b"x")["ETag"]
    source = {"Bucket": bucket, "Key": "changing"}

    def copy(expected: str) -> Any:
        return s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, CopySourceIfMatch=expected)

    assert refused(lambda: copy('"0123"')) == (412, "PreconditionFailed")
    assert copy(etag)["CopyObjectResult"]["ETag"] == etag


def test_a_delete_of_another_etag_is_refused(cloud: EmbeddedCloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.resource("Plain")
    s3.put_object(Bucket=bucket, Key="deleted", Body=b"x")

    other = refused(lambda: s3.delete_object(Bucket=bucket, Key="deleted", IfMatch='"0123"'))

    assert other == (412, "PreconditionFailed")
    s3.delete_object(Bucket=bucket, Key="deleted", IfMatch="*")
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="deleted")) == (404, "NoSuchKey")


def test_ranges_are_answered_as_s3_does(cloud: EmbeddedCloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.resource("Uploads")
    put = s3.put_object(Bucket=bucket, Key="ranged", Body=b"0123456789", Tagging="a=1&b=2")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    version = put["VersionId"]

    got = s3.get_object(Bucket=bucket, Key="ranged", VersionId=version, Range="bytes=0-3", IfMatch=put["ETag"])

    assert got["Body"].read() == b"0123"
    assert (got["ContentRange"], got["TagCount"], got["VersionId"]) == ("bytes 0-3/10", 2, version)
    assert s3.get_object(Bucket=bucket, Key="ranged", Range="bytes=5-99")["Body"].read() == b"56789"
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-9")) == (416, "InvalidRange")
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="none", Range="bytes=0-9")) == (404, "NoSuchKey")
    changed = refused(lambda: s3.get_object(Bucket=bucket, Key="ranged", IfMatch='"0123"', Range="bytes=0-3"))
    assert changed == (412, "PreconditionFailed")


@pytest.mark.parametrize("signature", ["s3", "s3v4"])
def test_a_presigned_url_serves_its_version_until_it_expires(cloud: EmbeddedCloud, signature: str) -> None:
    bucket = cloud.resource("Uploads")
    s3 = boto3.client(
        "s3",
        endpoint_url=cloud.aws_endpoint_url,
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


def test_an_unsigned_request_reads_nothing(cloud: EmbeddedCloud) -> None:
    bucket = cloud.resource("Uploads")
    cloud.client("s3").put_object(Bucket=bucket, Key="private", Body=b"x")

    assert requests.get(f"{cloud.aws_endpoint_url}/{bucket}/private", timeout=10).status_code == 403


# ---------------------------------------------------------------- DynamoDB


def test_a_failed_condition_returns_the_item_it_met(cloud: EmbeddedCloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), cloud.resource("Counters")
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
