"""The read gate in the embedded cloud, which authorizes every call by the stack's policies."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from botocore.exceptions import ClientError

from local.pictures import draw, encode
from local.stack import EmbeddedCloud

Eventually = Callable[..., Any]


@pytest.fixture
def slow(cloud: EmbeddedCloud) -> Iterator[None]:
    """Delay the Match service, so that an upload stays without a verdict for a while."""
    assert cloud.emulator
    cloud.emulator.settings(latency=8.0)
    yield
    cloud.emulator.settings(latency=0.0)


def get_error_code(call: Callable[..., Any], **parameters: Any) -> str | None:
    """Return S3's error code; None if the call succeeds."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def get_status(cloud: EmbeddedCloud, key: str) -> str | None:
    upload = {"S": f"{cloud.endpoints.upload_bucket}/{key}"}
    items = cloud.client("dynamodb").query(
        TableName=cloud.endpoints.results_table,
        KeyConditionExpression="upload = :u",
        ExpressionAttributeValues={":u": upload},
    )["Items"]
    return str(items[0]["status"]["S"]) if items else None


def fetch(url: str) -> int:
    """Return the HTTP status of a presigned URL."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_user_reads_upload_only_after_it_is_clean(cloud: EmbeddedCloud, slow: None, eventually: Eventually) -> None:
    user, body = cloud.user_client("s3"), encode(draw(912), "JPEG")
    where = {"Bucket": cloud.endpoints.upload_bucket, "Key": "waits.jpg"}
    version = user.put_object(**where, Body=body, Tagging="album=holiday")["VersionId"]
    eventually(lambda: get_status(cloud, "waits.jpg") == "PENDING")
    assert get_error_code(user.get_object, **where) == "AccessDenied"
    assert get_error_code(user.get_object, **where, VersionId=version) == "AccessDenied"
    assert get_error_code(user.head_object, **where) == "403"
    eventually(lambda: get_error_code(user.get_object, **where) is None)
    assert user.get_object(**where)["Body"].read() == body
    assert get_status(cloud, "waits.jpg") == "CLEAN"
    tags = user.get_object_tagging(**where)["TagSet"]
    assert {t["Key"]: t["Value"] for t in tags} == {"album": "holiday", "scan-status": "clean"}


def test_only_scanners_presigned_url_reads_unscanned_upload(cloud: EmbeddedCloud, slow: None) -> None:
    where = {"Bucket": cloud.endpoints.upload_bucket, "Key": "by-url.jpg"}
    version = cloud.user_client("s3").put_object(**where, Body=encode(draw(913), "JPEG"))["VersionId"]

    def url(access_key: str) -> str:
        signer = cloud.client_of(access_key, "s3")
        return str(signer.generate_presigned_url("get_object", Params={**where, "VersionId": version}))

    assert fetch(url("OnUploadRole")) == 200
    assert fetch(url("OnRetryRole")) == 200
    assert fetch(url("user")) == 403
    assert fetch(f"{cloud.aws_endpoint_url}/{where['Bucket']}/by-url.jpg") == 403


def test_user_cannot_set_a_status(cloud: EmbeddedCloud, slow: None) -> None:
    user, bucket = cloud.user_client("s3"), cloud.endpoints.upload_bucket
    picture = encode(draw(914), "JPEG")
    own = {"Bucket": "a-bucket-of-the-attacker", "Key": "prepared.jpg"}
    user.create_bucket(Bucket=own["Bucket"])
    user.put_object(**own, Body=picture, Tagging="scan-status=clean")

    where = {"Bucket": bucket, "Key": "forged.jpg"}
    assert get_error_code(user.put_object, **where, Body=picture, Tagging="Scan-Status=clean") == "AccessDenied"
    assert get_error_code(user.copy_object, **where, CopySource=own) == "AccessDenied"
    hidden = {"CopySource": own, "TaggingDirective": "COPY", "Tagging": "album=holiday"}
    assert get_error_code(user.copy_object, **where, **hidden) == "AccessDenied"
    assert get_error_code(user.copy_object, **where, CopySource=own, TaggingDirective="REPLACE") is None
    tagging = {"TagSet": [{"Key": "scan-status", "Value": "clean"}]}
    assert get_error_code(user.put_object_tagging, **where, Tagging=tagging) == "AccessDenied"
    assert get_error_code(user.get_object, **where) == "AccessDenied"


def test_only_break_glass_role_reads_the_quarantine(cloud: EmbeddedCloud, match: bytes, eventually: Eventually) -> None:
    user, bucket = cloud.user_client("s3"), cloud.endpoints.quarantine_bucket
    user.put_object(Bucket=cloud.endpoints.upload_bucket, Key="matches.jpg", Body=match)
    eventually(lambda: get_status(cloud, "matches.jpg") == "QUARANTINED")
    listed = cloud.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    (picture,) = [v for v in listed if v["Size"] == len(match)]
    where = {"Bucket": bucket, "Key": picture["Key"]}
    for caller in ("user", "OnUploadRole", "OnRetryRole"):
        for more in ({}, {"VersionId": picture["VersionId"]}):
            assert get_error_code(cloud.client_of(caller, "s3").get_object, **where, **more) == "AccessDenied"
    assert (
        get_error_code(user.delete_object, **where, VersionId=picture["VersionId"], BypassGovernanceRetention=True)
        == "AccessDenied"
    )
    assert cloud.client_of("BreakGlassRole", "s3").get_object(**where)["Body"].read() == match


def test_missing_object_is_forbidden_without_list_bucket(cloud: EmbeddedCloud) -> None:
    """S3 does so too: the scanners need s3:ListBucket to tell a missing object from a forbidden one."""

    def get_error(access_key: str) -> str:
        with pytest.raises(ClientError) as caught:
            cloud.client_of(access_key, "s3").get_object(
                Bucket=cloud.endpoints.upload_bucket, Key="nothing", VersionId="null"
            )
        return str(caught.value.response["Error"]["Code"])

    assert get_error("OnUploadRole") == "NoSuchVersion"
    assert get_error("BreakGlassRole") == "AccessDenied"
    used = {"principal": "OnUploadRole", "action": "s3:ListBucket", "allowed": True}
    assert any(used.items() <= line.items() for line in cloud.permissions())


def test_extended_policies_apply_to_another_bucket(cloud: EmbeddedCloud) -> None:
    user, scanner = cloud.user_client("s3"), cloud.client_of("OnUploadRole", "s3")
    where = {"Bucket": "another-bucket", "Key": "a"}
    user.create_bucket(Bucket="another-bucket")
    version = user.put_object(**where, Body=b"a")
    assert user.get_object(**where)["ContentLength"] == 1
    cloud.extend_policies_to("another-bucket", "UploadBucket")
    with pytest.raises(ClientError, match="DenyReadingUnlessStatusPermits"):
        user.get_object(**where)
    assert scanner.get_object(**where, VersionId=version.get("VersionId", "null"))["ContentLength"] == 1
