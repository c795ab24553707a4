"""Releases as tests make them: the items that guardctl writes once two people agreed."""

import hashlib
from typing import Any

from photodna_guard.domain.releases import (
    ANYWHERE,
    Release,
    confirmation_partition,
    parse_release,
    release_id,
    request_partition,
)

_OF_REQUEST_ONLY = ("requested_person", "size", "withdrawn_by", "withdrawn_at", "withdrawal")
_OF_CONFIRMATION_ONLY = ("confirmed_by", "confirmed_at", "confirmation", "released_version", "done_at")


def release_item(content: bytes, scope: str = ANYWHERE, **changed: Any) -> dict[str, Any]:
    """Return a confirmed release of these bytes, joined; `changed` replaces attributes, None removes one."""
    item = {
        "state": "confirmed",
        "sha256": hashlib.sha256(content).hexdigest(),
        "scope": scope,
        "upload": "uploads/first.jpg",
        "version": "v0",
        "quarantine_key": "folder/v0/copy",
        "quarantine_version": "q0",
        "request_id": "r1",
        "requested_by": "arn:aws:iam::1:user/ann",
        "requested_at": "2026-11-25T10:00:00.000Z",
        "reason": "a drawing",
        "confirmed_by": "arn:aws:iam::1:user/ben",
        "confirmed_at": "2026-11-26T09:59:59.000Z",
        "confirmation": "I looked",
    } | changed
    return {name: value for name, value in item.items() if value is not None}


def request_item(content: bytes, scope: str = ANYWHERE, **changed: Any) -> dict[str, Any]:
    """Return the request of that release, with its key."""
    item = release_item(content, scope, **({"state": "requested"} | changed))
    keys = {"partition": request_partition(len(content)), "id": release_id(item["sha256"], item["scope"])}
    return {name: value for name, value in item.items() if name not in _OF_CONFIRMATION_ONLY} | keys


def confirmation_item(content: bytes, scope: str = ANYWHERE, **changed: Any) -> dict[str, Any]:
    """Return the confirmation of that release, with its key."""
    item = release_item(content, scope, **changed)
    keys = {"partition": confirmation_partition(len(content)), "id": release_id(item["sha256"], item["scope"])}
    return {name: value for name, value in item.items() if name not in _OF_REQUEST_ONLY} | keys


def release_of(content: bytes, scope: str = ANYWHERE, **changed: Any) -> Release:
    """Return that release, parsed."""
    release = parse_release(release_item(content, scope, **changed))
    assert release, "the item is no release in force"
    return release
