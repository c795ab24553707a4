"""The permissions of S3 operations that read, lock, tag, list and delete. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from local.aws.policy.api_call import ApiCall
from local.aws.policy.permission import AccountState, Permission
from local.aws.policy.s3_context import existing_tags, kms_permissions, requested_tags, s3_arn, xml_keys, xml_tags

_OBJECT = re.compile(rb"<Object>(.*?)</Object>", re.DOTALL)
_HOLD = re.compile(rb"<Status>(ON|OFF)</Status>")
_VERSION = re.compile(rb"<VersionId>(.+?)</VersionId>")


def require_object_action(action: str, tagged: bool = True) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    """Require an action on the object or version; `action` is a pattern of both, such as "Get{}Tagging".

    `tagged` says that AWS evaluates ExistingObjectTag for it.
    """

    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        version = call.query.get("versionId")
        tags = state.object_tags(call.bucket, call.key, version)
        context = existing_tags(tags) if tagged else {}
        if call.operation == "PutObjectTagging":
            context |= requested_tags(xml_tags(call.body))
        name = action.format("ObjectVersion" if version else "Object")
        yield Permission(f"s3:{name}", s3_arn(call.bucket, call.key), context)
        if call.operation in ("GetObject", "HeadObject"):
            yield from _require_list_or_decrypt(call, state, tags)

    return required


def _require_list_or_decrypt(
    call: ApiCall, state: AccountState, tags: Mapping[str, str] | None
) -> Iterator[Permission]:
    """S3 responds with 404 only to a caller with the right to list the bucket, and with 403 to all others.

    AWS documents s3:ListBucket for objects, and says nothing of versions. So a version requires its list as well here.
    """
    if tags is None:
        yield Permission("s3:ListBucket", s3_arn(call.bucket))
        if "versionId" in call.query:
            yield Permission("s3:ListBucketVersions", s3_arn(call.bucket))
    else:
        yield from kms_permissions(state, call.bucket, "Decrypt")


def require_get_attributes(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require both the object and its attributes."""
    yield from require_object_action("Get{}")(call, state)
    yield from require_object_action("Get{}Attributes")(call, state)


def require_lock_action(action: str) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    """Require an action on an object's lock or multipart upload."""

    def required(call: ApiCall, _: AccountState) -> Iterator[Permission]:
        hold = _HOLD.search(call.body) if call.operation == "PutObjectLegalHold" else None
        context = {"s3:object-lock-legal-hold": (hold[1].decode(),)} if hold else {}
        yield Permission(f"s3:{action}", s3_arn(call.bucket, call.key), context)
        yield from _require_bypass(call, call.key)

    return required


def _require_bypass(call: ApiCall, key: str) -> Iterator[Permission]:
    if call.headers.get("x-amz-bypass-governance-retention", "").lower() == "true":
        yield Permission("s3:BypassGovernanceRetention", s3_arn(call.bucket, key))


def require_delete(call: ApiCall, _: AccountState) -> Iterator[Permission]:
    """Require the deletion of an object or version."""
    action = "s3:DeleteObjectVersion" if "versionId" in call.query else "s3:DeleteObject"
    yield Permission(action, s3_arn(call.bucket, call.key))
    yield from _require_bypass(call, call.key)


def require_delete_many(call: ApiCall, _: AccountState) -> Iterator[Permission]:
    """Require the deletion of each object and version that the body lists."""
    for one in _OBJECT.findall(call.body):
        (key,) = xml_keys(one)
        action = "s3:DeleteObjectVersion" if _VERSION.search(one) else "s3:DeleteObject"
        yield Permission(action, s3_arn(call.bucket, key))
        yield from _require_bypass(call, key)


def require_bucket_action(action: str) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    """Require an action on the bucket."""

    def required(call: ApiCall, _: AccountState) -> Iterator[Permission]:
        yield Permission(f"s3:{action}", s3_arn(call.bucket))

    return required
