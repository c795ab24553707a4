"""The permissions of S3 operations that write objects: puts, parts, copies and forms. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from local.aws.policy.api_call import ApiCall, UnknownCallError
from local.aws.policy.permission import AccountState, Permission
from local.aws.policy.s3_context import (
    existing_tags,
    header_tags,
    kms_permissions,
    requested_tags,
    s3_arn,
    xml_tags,
)

_FORM_KEY = re.compile(rb'name="key"\r\n\r\n([^\r]+)')
_FORM_TAGS = re.compile(rb'name="tagging"\r\n\r\n(.*?)\r\n--', re.DOTALL)


def require_put(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require the upload of an object, or the start of a multipart upload."""
    yield from _require_write(call, state, header_tags(call))


def _require_write(
    call: ApiCall, state: AccountState, tags: list[tuple[str, str]], key: str = ""
) -> Iterator[Permission]:
    """Require a new object, and a permission each for its lock, access list and tags."""
    arn = s3_arn(call.bucket, key or call.key)
    context = requested_tags(tags)
    source = call.headers.get("x-amz-copy-source")
    yield Permission("s3:PutObject", arn, context | ({"s3:x-amz-copy-source": (source,)} if source else {}))
    if tags:
        yield Permission("s3:PutObjectTagging", arn, context)
    if "x-amz-object-lock-mode" in call.headers:
        yield Permission("s3:PutObjectRetention", arn)
    if hold := call.headers.get("x-amz-object-lock-legal-hold"):
        yield Permission("s3:PutObjectLegalHold", arn, {"s3:object-lock-legal-hold": (hold,)})
    if any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in call.headers):
        yield Permission("s3:PutObjectAcl", arn)
    yield from kms_permissions(state, call.bucket, "GenerateDataKey")


def require_part(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require the upload or completion of parts. KMS also decrypts those that are there already."""
    yield Permission("s3:PutObject", s3_arn(call.bucket, call.key))
    yield from kms_permissions(state, call.bucket, "GenerateDataKey", "Decrypt")


def require_copy_part(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require reading the source of a part, and writing the part."""
    yield from _require_source(call, state)
    source = {"s3:x-amz-copy-source": (call.headers["x-amz-copy-source"],)}
    yield Permission("s3:PutObject", s3_arn(call.bucket, call.key), source)
    yield from kms_permissions(state, call.bucket, "GenerateDataKey", "Decrypt")


def require_copy(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require reading the source and writing the copy; also for the source's tags, which the request does not name.

    The documentation says so; it could not be tried (docs/decisions/0008-read-gate.md).
    """
    yield from _require_source(call, state)
    yield from _require_write(call, state, header_tags(call))
    bucket, key, version = _find_source(call)
    replaces = call.headers.get("x-amz-tagging-directive", "COPY").upper() == "REPLACE"
    if not replaces and (tags := state.object_tags(bucket, key, version)):
        kind = "ObjectVersion" if version else "Object"
        yield Permission(f"s3:Get{kind}Tagging", s3_arn(bucket, key), existing_tags(tags))
        yield Permission("s3:PutObjectTagging", s3_arn(call.bucket, call.key), requested_tags(header_tags(call)))


def _require_source(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    bucket, key, version = _find_source(call)
    tags = state.object_tags(bucket, key, version)
    yield Permission(f"s3:Get{'ObjectVersion' if version else 'Object'}", s3_arn(bucket, key), existing_tags(tags))
    yield from kms_permissions(state, bucket, "Decrypt")


def _find_source(call: ApiCall) -> tuple[str, str, str | None]:
    source = urlsplit(call.headers["x-amz-copy-source"])
    bucket, _, key = unquote(source.path).lstrip("/").partition("/")
    return bucket, key, parse_qs(source.query).get("versionId", [None])[0]


def require_post(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require the upload of a browser's form, whose fields have the key and the tags. Raises UnknownCallError."""
    key = _FORM_KEY.search(call.body)
    if key is None:
        raise UnknownCallError(f"a form for the bucket {call.bucket} without a key")
    tags = _FORM_TAGS.search(call.body)
    yield from _require_write(call, state, xml_tags(tags[1]) if tags else [], key[1].decode())
