"""Releases as tests make them: the item that guardctl writes once two people agreed."""

import hashlib
from typing import Any

from photodna_guard.domain.releases import ANYWHERE, Release, parse_release


def release_item(content: bytes, scope: str = ANYWHERE, **changed: Any) -> dict[str, Any]:
    """Return a confirmed release of these bytes; `changed` replaces attributes, None removes one."""
    item = {
        "state": "confirmed",
        "sha256": hashlib.sha256(content).hexdigest(),
        "scope": scope,
        "upload": "uploads/first.jpg",
        "version": "v0",
        "quarantine_key": "folder/v0/copy",
        "quarantine_version": "q0",
        "requested_by": "arn:aws:iam::1:user/ann",
        "requested_at": "2026-11-25T10:00:00.000Z",
        "reason": "a drawing",
        "confirmed_by": "arn:aws:iam::1:user/ben",
        "confirmed_at": "2026-11-26T09:59:59.000Z",
        "confirmation": "I looked",
    } | changed
    return {name: value for name, value in item.items() if value is not None}


def release_of(content: bytes, scope: str = ANYWHERE, **changed: Any) -> Release:
    """Return that release, parsed."""
    release = parse_release(release_item(content, scope, **changed))
    assert release, "the item is no release in force"
    return release
