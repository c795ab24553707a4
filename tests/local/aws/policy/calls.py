"""Calls of boto3 as the server receives them, and an account to authorize them in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from local.aws.policy.api_call import ApiCall, parse_call
from local.aws.policy.permissions import required_permissions

HERE = {"Bucket": "bucket", "Key": "a b+c/ü?.jpg"}
VERSION = {"VersionId": "v1"}
OBJECT = "arn:aws:s3:::bucket/a b+c/ü?.jpg"
FROM = {"CopySource": {"Bucket": "elsewhere", "Key": "ö?.jpg"}}
TAG_SET = {"TagSet": [{"Key": "album", "Value": "a&b"}, {"Key": "x<y", "Value": ""}]}
KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
URL = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}


class FakeAccount:
    """Every object has the given tags, or none exists if they are None; the bucket "locked" has a KMS key."""

    account = "123456789012"

    def __init__(self, tags: Mapping[str, str] | None) -> None:
        self._tags = tags

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        return self._tags

    def bucket_policy(self, bucket: str) -> str | None:
        return None

    def kms_key(self, bucket: str) -> str | None:
        return KMS_KEY if bucket == "locked" else None

    def partition_key(self, region: str, table: str) -> str | None:
        return "p" if (region, table) == ("us-east-1", "t") else None


def make_client(service: str, access_key: str = "someone") -> Any:
    return boto3.session.Session(access_key, "secret", region_name="us-east-1").client(  # type: ignore[call-overload]
        service, endpoint_url="http://127.0.0.1:1"
    )


def make_environ(method: str, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    target = urlsplit(url)
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": method, "REQUEST_URI": f"{target.path}?{target.query}", **named}


class CallSentError(Exception):
    """Carries the request out of botocore before it is sent."""

    def __init__(self, call: ApiCall) -> None:
        self.call = call


def send_call(service: str, operation: str, **parameters: Any) -> ApiCall:
    """Return the call as the server parses it from boto3's request."""

    def stop(request: Any, **_: Any) -> None:
        headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()}
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        raise CallSentError(
            parse_call(
                make_environ(request.method, request.url, headers), body.encode() if isinstance(body, str) else body
            )
        )

    made = make_client(service)
    made.meta.events.register("before-send", stop)
    with pytest.raises(CallSentError) as caught:
        getattr(made, operation)(**parameters)
    return caught.value.call


def required_actions(call: ApiCall, tags: Mapping[str, str] | None = None) -> list[str]:
    return [permission.action for permission in required_permissions(call, FakeAccount({} if tags is None else tags))]
