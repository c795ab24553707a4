"""What each S3 operation needs, with the condition keys that S3 looks at. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from local.policy.api_call import ApiCall, UnknownCall
from local.policy.need import Need, World

_KEYS = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)
_OBJECT = re.compile(rb"<Object>(.*?)</Object>", re.DOTALL)
_HOLD = re.compile(rb"<Status>(ON|OFF)</Status>")
_VERSION = re.compile(rb"<VersionId>(.+?)</VersionId>")
_FORM_KEY = re.compile(rb'name="key"\r\n\r\n([^\r]+)')
_FORM_TAGS = re.compile(rb'name="tagging"\r\n\r\n(.*?)\r\n--', re.DOTALL)


def needs(call: ApiCall, world: World) -> list[Need]:
    """Raises UnknownCall for an operation that is not in the table at the end."""
    if call.operation not in _NEEDS:
        raise UnknownCall(f"{call.name} is not known: add what it needs to {__file__}")
    return list(_NEEDS[call.operation](call, world))


def _arn(bucket: str, key: str = "") -> str:
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def existing_tags(tags: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    """The tags as condition keys, whose case IAM does not tell apart: two such tags give one key two values."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in (tags or {}).items():
        name = f"s3:existingobjecttag/{key.lower()}"
        found[name] = (*found.get(name, ()), value)
    return found


def _requested(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    names = tuple(keys)
    return {"s3:requestobjecttagkeys": names} if names else {}


def _header_tags(call: ApiCall) -> list[str]:
    return [key for key, _ in parse_qsl(call.headers.get("x-amz-tagging", ""), keep_blank_values=True)]


def _xml_keys(body: bytes) -> list[str]:
    return [unescape(key.decode()) for key in _KEYS.findall(body)]


# ---------------------------------------------------------------- reading, tags, locks


def _on_object(action: str, tagged: bool = True) -> Callable[[ApiCall, World], Iterator[Need]]:
    """`action` names what it is for a version as well, such as "Get{}Tagging"; `tagged`: it knows ExistingObjectTag."""

    def needed(call: ApiCall, world: World) -> Iterator[Need]:
        version = call.query.get("versionId")
        tags = world.tags(call.bucket, call.key, version)
        context = existing_tags(tags) if tagged else {}
        if call.operation == "PutObjectTagging":
            context |= _requested(_xml_keys(call.body))
        name = action.format("ObjectVersion" if version else "Object")
        yield Need(f"s3:{name}", _arn(call.bucket, call.key), context)
        if call.operation in ("GetObject", "HeadObject"):
            yield from _if_absent_or_encrypted(call, world, tags)

    return needed


def _if_absent_or_encrypted(call: ApiCall, world: World, tags: Mapping[str, str] | None) -> Iterator[Need]:
    """S3 says that an object is not there only to one who may list the bucket: to all others it says 403."""
    if tags is None:
        yield Need("s3:ListBucket", _arn(call.bucket))
    else:
        yield from _kms(world, call.bucket, "Decrypt")


def _attributes(call: ApiCall, world: World) -> Iterator[Need]:
    yield from _on_object("Get{}")(call, world)
    yield from _on_object("Get{}Attributes")(call, world)


def _on_lock(action: str) -> Callable[[ApiCall, World], Iterator[Need]]:
    def needed(call: ApiCall, _: World) -> Iterator[Need]:
        hold = _HOLD.search(call.body) if call.operation == "PutObjectLegalHold" else None
        context = {"s3:object-lock-legal-hold": (hold[1].decode(),)} if hold else {}
        yield Need(f"s3:{action}", _arn(call.bucket, call.key), context)
        yield from _bypass(call, call.key)

    return needed


def _bypass(call: ApiCall, key: str) -> Iterator[Need]:
    if call.headers.get("x-amz-bypass-governance-retention", "").lower() == "true":
        yield Need("s3:BypassGovernanceRetention", _arn(call.bucket, key))


def _kms(world: World, bucket: str, *actions: str) -> Iterator[Need]:
    """S3 asks KMS in the caller's name, where the bucket encrypts with a key of the account."""
    if (key := world.kms_key(bucket)) is not None:
        via = {"kms:viaservice": (f"s3.{key.split(':')[3]}.amazonaws.com",)}
        yield from (Need(f"kms:{action}", key, via) for action in actions)


# ---------------------------------------------------------------- writing


def _put(call: ApiCall, world: World) -> Iterator[Need]:
    yield from _write(call, world, _header_tags(call))


def _write(call: ApiCall, world: World, tag_keys: list[str], key: str = "") -> Iterator[Need]:
    """A new object with its lock, access list and tags, each of which is a permission of its own."""
    arn = _arn(call.bucket, key or call.key)
    context = _requested(tag_keys)
    source = call.headers.get("x-amz-copy-source")
    yield Need("s3:PutObject", arn, context | ({"s3:x-amz-copy-source": (source,)} if source else {}))
    if tag_keys:
        yield Need("s3:PutObjectTagging", arn, context)
    if "x-amz-object-lock-mode" in call.headers:
        yield Need("s3:PutObjectRetention", arn)
    if hold := call.headers.get("x-amz-object-lock-legal-hold"):
        yield Need("s3:PutObjectLegalHold", arn, {"s3:object-lock-legal-hold": (hold,)})
    if any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in call.headers):
        yield Need("s3:PutObjectAcl", arn)
    yield from _kms(world, call.bucket, "GenerateDataKey")


def _part(call: ApiCall, world: World) -> Iterator[Need]:
    """KMS is asked for decryption as well, for the parts that are there already."""
    yield Need("s3:PutObject", _arn(call.bucket, call.key))
    yield from _kms(world, call.bucket, "GenerateDataKey", "Decrypt")


def _copy_part(call: ApiCall, world: World) -> Iterator[Need]:
    yield from _read_source(call, world)
    source = {"s3:x-amz-copy-source": (call.headers["x-amz-copy-source"],)}
    yield Need("s3:PutObject", _arn(call.bucket, call.key), source)
    yield from _kms(world, call.bucket, "GenerateDataKey", "Decrypt")


def _copy(call: ApiCall, world: World) -> Iterator[Need]:
    """Tags that come along from the source must be readable there and settable here; the request does not name them.

    That was read, and could not be tried: docs/decisions/0008.
    """
    yield from _read_source(call, world)
    yield from _write(call, world, _header_tags(call))
    bucket, key, version = _source(call)
    replaces = call.headers.get("x-amz-tagging-directive", "COPY").upper() == "REPLACE"
    if not replaces and (tags := world.tags(bucket, key, version)):
        kind = "ObjectVersion" if version else "Object"
        yield Need(f"s3:Get{kind}Tagging", _arn(bucket, key), existing_tags(tags))
        yield Need("s3:PutObjectTagging", _arn(call.bucket, call.key), _requested(_header_tags(call)))


def _read_source(call: ApiCall, world: World) -> Iterator[Need]:
    bucket, key, version = _source(call)
    tags = world.tags(bucket, key, version)
    yield Need(f"s3:Get{'ObjectVersion' if version else 'Object'}", _arn(bucket, key), existing_tags(tags))
    yield from _kms(world, bucket, "Decrypt")


def _source(call: ApiCall) -> tuple[str, str, str | None]:
    source = urlsplit(call.headers["x-amz-copy-source"])
    bucket, _, key = unquote(source.path).lstrip("/").partition("/")
    return bucket, key, parse_qs(source.query).get("versionId", [None])[0]


def _post(call: ApiCall, world: World) -> Iterator[Need]:
    """A browser's form: key and tags are among its fields."""
    key = _FORM_KEY.search(call.body)
    if key is None:
        raise UnknownCall(f"a form for the bucket {call.bucket} without a key")
    tags = _FORM_TAGS.search(call.body)
    yield from _write(call, world, _xml_keys(tags[1]) if tags else [], key[1].decode())


# ---------------------------------------------------------------- deleting, listing


def _delete(call: ApiCall, _: World) -> Iterator[Need]:
    yield Need("s3:DeleteObject" + ("Version" if "versionId" in call.query else ""), _arn(call.bucket, call.key))
    yield from _bypass(call, call.key)


def _delete_many(call: ApiCall, _: World) -> Iterator[Need]:
    for one in _OBJECT.findall(call.body):
        (key,) = _xml_keys(one)
        yield Need("s3:DeleteObject" + ("Version" if _VERSION.search(one) else ""), _arn(call.bucket, key))
        yield from _bypass(call, key)


def _on_bucket(action: str) -> Callable[[ApiCall, World], Iterator[Need]]:
    def needed(call: ApiCall, _: World) -> Iterator[Need]:
        yield Need(f"s3:{action}", _arn(call.bucket))

    return needed


_NEEDS: dict[str, Callable[[ApiCall, World], Iterator[Need]]] = {
    "GetObject": _on_object("Get{}"),
    "HeadObject": _on_object("Get{}"),
    "SelectObjectContent": _on_object("Get{}"),
    "GetObjectAttributes": _attributes,
    "GetObjectAcl": _on_object("Get{}Acl"),
    "PutObjectAcl": _on_object("Put{}Acl"),
    "GetObjectTagging": _on_object("Get{}Tagging"),
    "PutObjectTagging": _on_object("Put{}Tagging"),
    "DeleteObjectTagging": _on_object("Delete{}Tagging"),
    "GetObjectRetention": _on_lock("GetObjectRetention"),
    "PutObjectRetention": _on_lock("PutObjectRetention"),
    "GetObjectLegalHold": _on_lock("GetObjectLegalHold"),
    "PutObjectLegalHold": _on_lock("PutObjectLegalHold"),
    "RestoreObject": _on_lock("RestoreObject"),
    "PutObject": _put,
    "PostObject": _post,
    "CopyObject": _copy,
    "CreateMultipartUpload": _put,
    "UploadPart": _part,
    "UploadPartCopy": _copy_part,
    "CompleteMultipartUpload": _part,
    "AbortMultipartUpload": _on_lock("AbortMultipartUpload"),
    "ListParts": _on_lock("ListMultipartUploadParts"),
    "DeleteObject": _delete,
    "DeleteObjects": _delete_many,
    "ListObjects": _on_bucket("ListBucket"),
    "HeadBucket": _on_bucket("ListBucket"),
    "ListObjectVersions": _on_bucket("ListBucketVersions"),
    "ListMultipartUploads": _on_bucket("ListBucketMultipartUploads"),
    "GetBucketVersioning": _on_bucket("GetBucketVersioning"),
}
