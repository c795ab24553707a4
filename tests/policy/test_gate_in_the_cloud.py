"""The gate in the embedded cloud, whose every call is held against the stack's policies."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from botocore.exceptions import ClientError

from local.aws import EmbeddedCloud
from local.pictures import draw, encode

Eventually = Callable[..., Any]


@pytest.fixture
def slow(cloud: EmbeddedCloud) -> Iterator[None]:
    """The Match service takes its time, so that there is some between the upload and its verdict."""
    assert cloud.emulator
    cloud.emulator.settings(latency=8.0)
    yield
    cloud.emulator.settings(latency=0.0)


def code(call: Callable[..., Any], **parameters: Any) -> str | None:
    """S3's error code, or None where it did as it was asked."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def status(cloud: EmbeddedCloud, key: str) -> str | None:
    upload = {"S": f"{cloud.endpoints.upload_bucket}/{key}"}
    items = cloud.client("dynamodb").query(
        TableName=cloud.endpoints.results_table,
        KeyConditionExpression="upload = :u",
        ExpressionAttributeValues={":u": upload},
    )["Items"]
    return str(items[0]["status"]["S"]) if items else None


def fetched(url: str) -> int:
    """The HTTP status that a presigned URL gives to anybody who has it."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_user_cannot_read_his_upload_until_it_is_clean_and_then_can(
    cloud: EmbeddedCloud, slow: None, eventually: Eventually
) -> None:
    user, body = cloud.user_client("s3"), encode(draw(912), "JPEG")
    where = {"Bucket": cloud.endpoints.upload_bucket, "Key": "waits.jpg"}
    version = user.put_object(**where, Body=body, Tagging="album=holiday")["VersionId"]
    eventually(lambda: status(cloud, "waits.jpg") == "PENDING")
    assert code(user.get_object, **where) == "AccessDenied"
    assert code(user.get_object, **where, VersionId=version) == "AccessDenied"
    assert code(user.head_object, **where) == "403"
    eventually(lambda: code(user.get_object, **where) is None)
    assert user.get_object(**where)["Body"].read() == body
    assert status(cloud, "waits.jpg") == "CLEAN"
    tags = user.get_object_tagging(**where)["TagSet"]
    assert {t["Key"]: t["Value"] for t in tags} == {"album": "holiday", "scan-status": "clean"}


def test_the_match_service_reads_what_is_not_scanned_through_the_scanners_url_and_nobody_through_his_own(
    cloud: EmbeddedCloud, slow: None
) -> None:
    where = {"Bucket": cloud.endpoints.upload_bucket, "Key": "by-url.jpg"}
    version = cloud.user_client("s3").put_object(**where, Body=encode(draw(913), "JPEG"))["VersionId"]

    def url(access_key: str) -> str:
        signer = cloud.client_of(access_key, "s3")
        return str(signer.generate_presigned_url("get_object", Params={**where, "VersionId": version}))

    assert fetched(url("OnUploadRole")) == 200
    assert fetched(url("OnRetryRole")) == 200
    assert fetched(url("user")) == 403
    assert fetched(f"{cloud.aws_endpoint_url}/{where['Bucket']}/by-url.jpg") == 403  # anonymous


def test_a_user_sets_no_status_at_upload_or_later_or_by_a_copy(cloud: EmbeddedCloud, slow: None) -> None:
    user, bucket = cloud.user_client("s3"), cloud.endpoints.upload_bucket
    picture = encode(draw(914), "JPEG")
    own = {"Bucket": "the-attackers-own", "Key": "prepared.jpg"}
    user.create_bucket(Bucket=own["Bucket"])
    user.put_object(**own, Body=picture, Tagging="scan-status=clean")

    where = {"Bucket": bucket, "Key": "forged.jpg"}
    assert code(user.put_object, **where, Body=picture, Tagging="Scan-Status=clean") == "AccessDenied"
    assert code(user.copy_object, **where, CopySource=own) == "AccessDenied"
    hidden = {"CopySource": own, "TaggingDirective": "COPY", "Tagging": "album=holiday"}
    assert code(user.copy_object, **where, **hidden) == "AccessDenied"
    assert code(user.copy_object, **where, CopySource=own, TaggingDirective="REPLACE") is None
    tagging = {"TagSet": [{"Key": "scan-status", "Value": "clean"}]}
    assert code(user.put_object_tagging, **where, Tagging=tagging) == "AccessDenied"
    assert code(user.get_object, **where) == "AccessDenied"


def test_nobody_reads_the_quarantine_but_the_break_glass_role(
    cloud: EmbeddedCloud, match: bytes, eventually: Eventually
) -> None:
    user, bucket = cloud.user_client("s3"), cloud.endpoints.quarantine_bucket
    user.put_object(Bucket=cloud.endpoints.upload_bucket, Key="matches.jpg", Body=match)
    eventually(lambda: status(cloud, "matches.jpg") == "QUARANTINED")
    listed = cloud.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    (picture,) = [v for v in listed if v["Size"] == len(match)]
    where = {"Bucket": bucket, "Key": picture["Key"]}
    for who in ("user", "OnUploadRole", "OnRetryRole"):
        for more in ({}, {"VersionId": picture["VersionId"]}):
            assert code(cloud.client_of(who, "s3").get_object, **where, **more) == "AccessDenied"
    assert (
        code(user.delete_object, **where, VersionId=picture["VersionId"], BypassGovernanceRetention=True)
        == "AccessDenied"
    )
    assert cloud.client_of("BreakGlassRole", "s3").get_object(**where)["Body"].read() == match
