"""The permissions that S3 calls require, from requests as botocore sends them."""

from typing import Any

import pytest

from local.aws.policy.permissions import required_permissions
from tests.local.aws.policy.calls import FROM, HERE, OBJECT, TAG_SET, VERSION, FakeAccount, required_actions, send_call


@pytest.mark.parametrize(
    ("operation", "parameters", "actions"),
    [
        ("get_object", HERE, ["s3:GetObject"]),
        ("get_object", HERE | VERSION, ["s3:GetObjectVersion"]),
        ("get_object", HERE | {"VersionId": "null", "Range": "bytes=0-9"}, ["s3:GetObjectVersion"]),
        ("head_object", HERE | VERSION, ["s3:GetObjectVersion"]),
        ("get_object_attributes", HERE | {"ObjectAttributes": ["ETag"]}, ["s3:GetObject", "s3:GetObjectAttributes"]),
        ("get_object_tagging", HERE | VERSION, ["s3:GetObjectVersionTagging"]),
        ("put_object_tagging", HERE | {"Tagging": TAG_SET}, ["s3:PutObjectTagging"]),
        ("put_object_tagging", HERE | VERSION | {"Tagging": TAG_SET}, ["s3:PutObjectVersionTagging"]),
        ("delete_object_tagging", HERE | VERSION, ["s3:DeleteObjectVersionTagging"]),
        ("put_object", HERE, ["s3:PutObject"]),
        ("put_object", HERE | {"Tagging": "a=b"}, ["s3:PutObject", "s3:PutObjectTagging"]),
        ("put_object", HERE | {"ACL": "private"}, ["s3:PutObject", "s3:PutObjectAcl"]),
        (
            "put_object",
            HERE | {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2030-01-01"},
            ["s3:PutObject", "s3:PutObjectRetention"],
        ),
        ("put_object", HERE | {"ObjectLockLegalHoldStatus": "ON"}, ["s3:PutObject", "s3:PutObjectLegalHold"]),
        ("put_object", {"Bucket": "locked", "Key": "k"}, ["s3:PutObject", "kms:GenerateDataKey"]),
        ("get_object", {"Bucket": "locked", "Key": "k"}, ["s3:GetObject", "kms:Decrypt"]),
        ("copy_object", HERE | FROM, ["s3:GetObject", "s3:PutObject"]),
        ("create_multipart_upload", HERE | {"Tagging": "a=b"}, ["s3:PutObject", "s3:PutObjectTagging"]),
        ("upload_part", HERE | {"UploadId": "u", "PartNumber": 1}, ["s3:PutObject"]),
        ("upload_part_copy", HERE | FROM | {"UploadId": "u", "PartNumber": 1}, ["s3:GetObject", "s3:PutObject"]),
        ("complete_multipart_upload", HERE | {"UploadId": "u", "MultipartUpload": {"Parts": []}}, ["s3:PutObject"]),
        ("abort_multipart_upload", HERE | {"UploadId": "u"}, ["s3:AbortMultipartUpload"]),
        ("list_parts", HERE | {"UploadId": "u"}, ["s3:ListMultipartUploadParts"]),
        ("delete_object", HERE, ["s3:DeleteObject"]),
        ("delete_object", HERE | VERSION, ["s3:DeleteObjectVersion"]),
        (
            "delete_object",
            HERE | VERSION | {"BypassGovernanceRetention": True},
            ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"],
        ),
        (
            "delete_objects",
            {"Bucket": "bucket", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}]}},
            ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        ),
        ("get_object_retention", HERE | VERSION, ["s3:GetObjectRetention"]),
        ("put_object_legal_hold", HERE | {"LegalHold": {"Status": "ON"}}, ["s3:PutObjectLegalHold"]),
        ("list_objects_v2", {"Bucket": "bucket", "Prefix": "a"}, ["s3:ListBucket"]),
        ("list_object_versions", {"Bucket": "bucket", "Prefix": "a"}, ["s3:ListBucketVersions"]),
        ("head_bucket", {"Bucket": "bucket"}, ["s3:ListBucket"]),
        ("get_bucket_versioning", {"Bucket": "bucket"}, ["s3:GetBucketVersioning"]),
    ],
)
def test_s3_call_requires_its_actions(operation: str, parameters: dict[str, Any], actions: list[str]) -> None:
    assert required_actions(send_call("s3", operation, **parameters)) == actions


def test_object_resource_has_the_decoded_key() -> None:
    (permission,) = required_permissions(send_call("s3", "get_object", **HERE), FakeAccount({}))
    assert permission.resource == OBJECT


def test_condition_keys_have_existing_and_requested_tags() -> None:
    (permission,) = required_permissions(
        send_call("s3", "put_object_tagging", **HERE, Tagging=TAG_SET), FakeAccount({"Scan-Status": "clean"})
    )
    assert permission.context == {
        "s3:existingobjecttag/scan-status": ("clean",),
        "s3:requestobjecttagkeys": ("album", "x<y"),
        "s3:requestobjecttag/album": ("a&b",),
        "s3:requestobjecttag/x<y": ("",),
    }
    put, tagging = required_permissions(
        send_call("s3", "put_object", **HERE, Tagging="a%20b=1&C=&a+b=2"), FakeAccount({})
    )
    keys = {"s3:requestobjecttagkeys": ("a b", "C", "a b")}
    values = {"s3:requestobjecttag/a b": ("1", "2"), "s3:requestobjecttag/c": ("",)}
    assert put.context == tagging.context == keys | values


def test_put_has_no_condition_key_of_existing_tags() -> None:
    """AWS does not support ExistingObjectTag for PutObject."""
    (permission,) = required_permissions(send_call("s3", "put_object", **HERE), FakeAccount({"scan-status": "matched"}))
    assert permission.context == {}


def test_copy_with_tags_requires_reading_and_setting_them() -> None:
    tags, copy = {"a": "1"}, send_call("s3", "copy_object", **HERE, **FROM)
    actions = ["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"]
    assert required_actions(copy, tags) == actions
    assert required_permissions(copy, FakeAccount(tags))[-1].context == {}
    replacing = send_call("s3", "copy_object", **HERE, **FROM, TaggingDirective="REPLACE")
    assert required_actions(replacing, tags) == ["s3:GetObject", "s3:PutObject"]
    version = {"CopySource": {**FROM["CopySource"], "VersionId": "v"}}
    actions = ["s3:GetObjectVersion", "s3:PutObject", "s3:GetObjectVersionTagging", "s3:PutObjectTagging"]
    assert required_actions(send_call("s3", "copy_object", **HERE, **version), tags) == actions


def test_get_of_missing_object_requires_list_bucket() -> None:
    call = send_call("s3", "get_object", **HERE)
    assert [p.action for p in required_permissions(call, FakeAccount(None))] == ["s3:GetObject", "s3:ListBucket"]


def test_get_of_missing_version_requires_the_list_of_versions_too() -> None:
    call = send_call("s3", "get_object", **HERE, VersionId="v")
    actions = [p.action for p in required_permissions(call, FakeAccount(None))]
    assert actions == ["s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"]
