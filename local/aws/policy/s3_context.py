"""Helpers that several S3 operations share: ARNs, tags as condition keys, and the permissions of KMS. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from urllib.parse import parse_qsl

from local.aws.policy.api_call import ApiCall
from local.aws.policy.permission import AccountState, Permission

_TAGS = re.compile(rb"<Tag>(.*?)</Tag>", re.DOTALL)
_KEYS = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)
_VALUES = re.compile(rb"<Value>(.*?)</Value>", re.DOTALL)


def s3_arn(bucket: str, key: str = "") -> str:
    """Return the ARN of a bucket, or of an object in it."""
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def existing_tags(tags: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    """Return an object's tags as condition keys. IAM ignores their case: two such tags give one key two values."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in (tags or {}).items():
        name = f"s3:existingobjecttag/{key.lower()}"
        found[name] = (*found.get(name, ()), value)
    return found


def requested_tags(tags: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of a request's tags: the list of their keys, and the value of each."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in tags:
        for name, one in (("s3:requestobjecttagkeys", key), (f"s3:requestobjecttag/{key.lower()}", value)):
            found[name] = (*found.get(name, ()), one)
    return found


def header_tags(call: ApiCall) -> list[tuple[str, str]]:
    """Return the tags in the request's header."""
    return parse_qsl(call.headers.get("x-amz-tagging", ""), keep_blank_values=True)


def xml_tags(body: bytes) -> list[tuple[str, str]]:
    """Return the tags of a tag set."""
    return [(_text(_KEYS, one), _text(_VALUES, one)) for one in _TAGS.findall(body)]


def _text(element: re.Pattern[bytes], body: bytes) -> str:
    found = element.search(body)
    return unescape(found[1].decode()) if found else ""


def xml_keys(body: bytes) -> list[str]:
    """Return the contents of all Key elements."""
    return [unescape(key.decode()) for key in _KEYS.findall(body)]


def kms_permissions(state: AccountState, bucket: str, *actions: str) -> Iterator[Permission]:
    """Yield what S3 does with KMS in the caller's name, if the bucket encrypts with a key of the account."""
    if (key := state.kms_key(bucket)) is not None:
        via = {"kms:viaservice": (f"s3.{key.split(':')[3]}.amazonaws.com",)}
        yield from (Permission(f"kms:{action}", key, via) for action in actions)
