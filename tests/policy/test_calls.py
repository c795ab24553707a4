"""From a request as botocore sends it to the permissions that AWS wants for it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from local.policy.api_call import ApiCall, UnknownCall, read
from local.policy.needs import needs

HERE = {"Bucket": "bucket", "Key": "a b+c/ü?.jpg"}
VERSION = {"VersionId": "v1"}
OBJECT = "arn:aws:s3:::bucket/a b+c/ü?.jpg"
FROM = {"CopySource": {"Bucket": "elsewhere", "Key": "ö?.jpg"}}
TAG_SET = {"TagSet": [{"Key": "album", "Value": "a&b"}, {"Key": "x<y", "Value": ""}]}
KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
URL = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}


class World:
    """All objects are there, tagged as told; the bucket "locked" has a key of its own."""

    account = "123456789012"

    def __init__(self, tags: Mapping[str, str] | None) -> None:
        self._tags = tags

    def tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        return self._tags

    def kms_key(self, bucket: str) -> str | None:
        return KMS_KEY if bucket == "locked" else None


def client(service: str, access_key: str = "somebody") -> Any:
    return boto3.session.Session(access_key, "secret", region_name="us-east-1").client(  # type: ignore[call-overload]
        service, endpoint_url="http://127.0.0.1:1"
    )


def environ(method: str, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    target = urlsplit(url)
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": method, "REQUEST_URI": f"{target.path}?{target.query}", **named}


class Sent(Exception):
    """Carries the request out of botocore, instead of sending it."""

    def __init__(self, call: ApiCall) -> None:
        self.call = call


def sent(service: str, operation: str, **parameters: Any) -> ApiCall:
    """What the server makes of this call of boto3."""

    def stop(request: Any, **_: Any) -> None:
        headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()}
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        raise Sent(
            read(environ(request.method, request.url, headers), body.encode() if isinstance(body, str) else body)
        )

    made = client(service)
    made.meta.events.register("before-send", stop)
    with pytest.raises(Sent) as caught:
        getattr(made, operation)(**parameters)
    return caught.value.call


def needed(call: ApiCall, tags: Mapping[str, str] | None = None) -> list[str]:
    return [need.action for need in needs(call, World({} if tags is None else tags))]


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
def test_what_a_call_of_s3_needs(operation: str, parameters: dict[str, Any], actions: list[str]) -> None:
    assert needed(sent("s3", operation, **parameters)) == actions


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "wanted"),
    [
        ("dynamodb", "update_item", {"TableName": "t", "Key": {}}, [("dynamodb:UpdateItem", TABLE)]),
        ("dynamodb", "get_item", {"TableName": TABLE, "Key": {}}, [("dynamodb:GetItem", TABLE)]),
        ("dynamodb", "query", {"TableName": "t", "IndexName": "one"}, [("dynamodb:Query", f"{TABLE}/index/one")]),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}, {"Delete": {"TableName": "t", "Key": {}}}]},
            [("dynamodb:PutItem", TABLE), ("dynamodb:DeleteItem", TABLE)],
        ),
        ("dynamodb", "batch_write_item", {"RequestItems": {"t": [{}]}}, [("dynamodb:BatchWriteItem", TABLE)]),
        ("sqs", "send_message", URL | {"MessageBody": "b"}, [("sqs:SendMessage", QUEUE)]),
        ("sqs", "delete_message_batch", URL | {"Entries": []}, [("sqs:DeleteMessage", QUEUE)]),
        ("sqs", "get_queue_url", {"QueueName": "q"}, [("sqs:GetQueueUrl", QUEUE)]),
        (
            "secretsmanager",
            "get_secret_value",
            {"SecretId": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-x"},
            [("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-x")],
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "guard", "DetailType": "settled", "Detail": "{}"}]},
            [("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/default")],
        ),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:r:a:t", "Message": "m"}, [("sns:Publish", "arn:aws:sns:r:a:t")]),
    ],
)
def test_what_a_call_of_another_service_needs(
    service: str, operation: str, parameters: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    call = sent(service, operation, **parameters)
    assert call.access_key == "somebody"
    assert [(need.action, need.resource) for need in needs(call, World({}))] == wanted


def test_the_key_of_an_object_is_what_its_owner_called_it() -> None:
    (need,) = needs(sent("s3", "get_object", **HERE), World({}))
    assert need.resource == OBJECT


def test_condition_keys_tell_of_the_tags_that_are_there_and_of_those_in_the_request() -> None:
    (need,) = needs(sent("s3", "put_object_tagging", **HERE, Tagging=TAG_SET), World({"Scan-Status": "clean"}))
    assert need.context == {
        "s3:existingobjecttag/scan-status": ("clean",),
        "s3:requestobjecttagkeys": ("album", "x<y"),
    }
    put, tagging = needs(sent("s3", "put_object", **HERE, Tagging="a%20b=1&C=&a+b=2"), World({}))
    assert put.context == tagging.context == {"s3:requestobjecttagkeys": ("a b", "C", "a b")}


def test_an_overwritten_objects_tags_are_no_condition_key_of_the_put() -> None:
    """AWS does not support ExistingObjectTag there."""
    (need,) = needs(sent("s3", "put_object", **HERE), World({"scan-status": "matched"}))
    assert need.context == {}


def test_a_copy_needs_to_read_and_to_set_the_tags_that_it_brings() -> None:
    tags, copy = {"a": "1"}, sent("s3", "copy_object", **HERE, **FROM)
    actions = ["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"]
    assert needed(copy, tags) == actions
    assert needs(copy, World(tags))[-1].context == {}
    replacing = sent("s3", "copy_object", **HERE, **FROM, TaggingDirective="REPLACE")
    assert needed(replacing, tags) == ["s3:GetObject", "s3:PutObject"]
    version = {"CopySource": {**FROM["CopySource"], "VersionId": "v"}}
    actions = ["s3:GetObjectVersion", "s3:PutObject", "s3:GetObjectVersionTagging", "s3:PutObjectTagging"]
    assert needed(sent("s3", "copy_object", **HERE, **version), tags) == actions


def test_an_object_that_is_not_there_asks_for_the_right_to_list_its_bucket() -> None:
    call = sent("s3", "get_object", **HERE)
    assert [n.action for n in needs(call, World(None))] == ["s3:GetObject", "s3:ListBucket"]


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_a_presigned_url_is_its_signers(signature: str) -> None:
    from botocore.config import Config

    session = boto3.session.Session("OnUploadRole", "secret", region_name="us-east-1")
    signer = session.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(signature_version=signature))
    call = read(environ("GET", signer.generate_presigned_url("get_object", Params=HERE | VERSION), {}), b"")
    assert (call.access_key, call.operation, call.key) == ("OnUploadRole", "GetObject", HERE["Key"])
    assert needed(call) == ["s3:GetObjectVersion"]


def test_a_request_without_a_signature_is_anonymous() -> None:
    assert read(environ("GET", "http://127.0.0.1:1/bucket/key", {}), b"").access_key is None


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("s3", "get_object_torrent", HERE),
        ("s3", "put_bucket_policy", {"Bucket": "bucket", "Policy": "{}"}),
        ("sqs", "list_queues", {}),
        ("dynamodb", "list_tables", {}),
        ("lambda", "list_functions", {}),
    ],
)
def test_a_call_that_is_not_in_the_tables_is_never_taken_for_another(
    service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(UnknownCall, match="add what it needs to"):
        needed(sent(service, operation, **parameters))


@pytest.mark.parametrize("query", ["versions&acl", "annotation", "renameObject", "acl&tagging"])
def test_a_sub_resource_that_is_not_known_is_not_passed_over(query: str) -> None:
    for path in ("bucket/key", "bucket"):
        with pytest.raises(UnknownCall):
            needed(read(environ("PUT", f"http://127.0.0.1:1/{path}?{query}", {}), b""))


def test_a_bucket_in_the_hosts_name_is_refused_and_not_mistaken_for_a_key() -> None:
    with pytest.raises(UnknownCall, match="in the path"):
        read(environ("GET", "http://x/key", {"Host": "bucket.s3.amazonaws.com"}), b"")
