"""A release: two people found a match to be false, and its bytes are not quarantined again. Pure.

    requested -> confirmed -> done        withdrawn from any of them

It is two items of the operations table. The operator role writes the request and its withdrawal. Only the break-glass
role may write the confirmation (template.yaml). guardctl writes both, and the scanners read both.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from photodna_guard.domain.models import Upload

ANYWHERE = "*"
# A request that nobody confirmed within this time is void.
CONFIRM_WITHIN_SECONDS = 86400.0
# What a request says and its confirmation repeats, and what a confirmation alone may say.
AGREED = (
    *("sha256", "scope", "upload", "version", "quarantine_key", "quarantine_version"),
    *("request_id", "requested_by", "requested_at", "reason"),
)
_CONFIRMING = ("confirmed_by", "confirmed_at", "confirmation", "released_version", "done_at")


class ReleaseState(StrEnum):
    """How far a release is."""

    REQUESTED = "requested"
    # From here on the scanners open these bytes.
    CONFIRMED = "confirmed"
    # The object is back in its place.
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Consent:
    """What one person said: who, when (ISO 8601, UTC) and why."""

    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """A release that two people agreed to, and that nobody withdrew."""

    sha256: str
    # "bucket/key", or ANYWHERE.
    scope: str
    requested: Consent
    confirmed: Consent
    # The quarantined version: "bucket/key" and its version, and where its copy is.
    upload: str
    version: str
    quarantine_key: str
    quarantine_version: str

    def covers(self, upload: Upload) -> bool:
        """Return whether the release is for this upload's place. The bytes are still to be compared."""
        return self.scope in (ANYWHERE, upload.id)


def request_partition(size: int) -> str:
    """Return the operations table's partition of the requests to release objects of this size in bytes."""
    return f"release-request#{size}"


def confirmation_partition(size: int) -> str:
    """Return the partition of the confirmations, which the break-glass role alone may write.

    Most matches find it empty for their size, and need not be hashed.
    """
    return f"release-confirmation#{size}"


def release_id(sha256: str, scope: str) -> str:
    """Return the id of both items. A scope may be longer than a key of DynamoDB, and so its hash stands there."""
    return f"{sha256}#{scope if scope == ANYWHERE else hashlib.sha256(scope.encode()).hexdigest()}"


def join_release(request: Mapping[str, Any], confirmation: Mapping[str, Any]) -> dict[str, Any]:
    """Return both items as one, in the state of the confirmation unless the request was withdrawn.

    What a confirmation says is never taken from a request, and only a confirmation of this very request counts.
    """
    asked = {name: value for name, value in request.items() if name not in _CONFIRMING}
    if not request or any(confirmation.get(name) != request.get(name) for name in AGREED):
        return asked
    joined = asked | {name: confirmation[name] for name in _CONFIRMING if name in confirmation}
    is_asked = request["state"] == ReleaseState.REQUESTED
    return joined | ({"state": confirmation["state"]} if is_asked and "state" in confirmation else {})


def parse_release(item: Mapping[str, Any]) -> Release | None:
    """Return two items, joined, as a release; None unless two people agreed in time, whatever else the items say."""
    try:
        requested = Consent(str(item["requested_by"]), str(item["requested_at"]), str(item["reason"]))
        confirmed = Consent(str(item["confirmed_by"]), str(item["confirmed_at"]), str(item["confirmation"]))
        is_in_force = ReleaseState(item["state"]) in (ReleaseState.CONFIRMED, ReleaseState.DONE)
        if not is_in_force or not _is_agreed(requested, confirmed):
            return None
        names = ("sha256", "scope", "upload", "version", "quarantine_key", "quarantine_version")
        texts = {name: str(item[name]) for name in names}
        return Release(requested=requested, confirmed=confirmed, **texts)
    except (KeyError, ValueError):
        return None


def _is_agreed(requested: Consent, confirmed: Consent) -> bool:
    waited = datetime.fromisoformat(confirmed.at) - datetime.fromisoformat(requested.at)
    is_in_time = waited.total_seconds() <= CONFIRM_WITHIN_SECONDS
    return is_in_time and person_of(requested.by) != person_of(confirmed.by)


def person_of(caller: str) -> str:
    """Return what tells one person from another in an ARN of STS, or in a name.

    Identity Center names its sessions after its users. Whoever assumes any other role chooses the session's name: two
    sessions of such a role may be one person, and so count as one. So do all federated users of an account.
    """
    found = re.fullmatch(r"arn:[\w-]+:sts::(\d+):(assumed-role|federated-user)/([^/]+)(?:/(.+))?", caller)
    if not found:
        return caller.strip().casefold()
    account, kind, name, session = found.groups()
    if kind == "federated-user":
        return f"federated:{account}"
    if name.startswith("AWSReservedSSO_") and session:
        return f"sso:{session}".casefold()
    return f"role:{account}/{name}".casefold()
