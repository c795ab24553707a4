"""The updates of a results-table item. Above each condition stands the timeline that it protects. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from photodna_guard.aws.result_item import UNTAGGED, source_attribute
from photodna_guard.domain.models import ScanJob, ScanRecord, Status, Upload
from photodna_guard.domain.timestamps import to_iso

# The attributes that an item loses when its settled event needs no publishing any more.
PUBLISHED_ATTRIBUTES: Mapping[str, None] = {"unsettled": None, "redeliver_at": None, "queue": None}
# What a reopened item keeps of an earlier match, in its list `previous_matches`. An item is limited to 400 KB, and
# further matches add nothing: all copies of a version are found by `quarantine_key`.
MAX_PREVIOUS_MATCHES = 20
PREVIOUS_MATCH_ATTRIBUTES = (
    "quarantine_key",
    "quarantine_version",
    "evidence_key",
    "sha256",
    "matches",
    "is_test",
    "tracking_id",
    "settled_at",
)
# What was looked at.
SEEN_ATTRIBUTES = ("representation", "frames_seen", "frames_total", "matched_frame")
COPY_ATTRIBUTES = (
    "quarantine_key",
    "quarantine_version",
    "sha256",
    "size",
    "copied_at",
    "content_type",
    "last_modified",
    "metadata",
    "tags",
    "source_digest",
    "evidence_key",
)

_EXPIRING_STATUSES = (Status.CLEAN, Status.SKIPPED, Status.GONE)
# Statuses that an operator should look at, through the sparse index `needs-attention`. DEFERRED is none of them: each
# status is one partition, which takes a thousand writes a second, and beyond them DynamoDB throttles the whole table.
# A burst defers more than that. The index `unsettled` has what waits, in shards.
_ATTENTION_STATUSES = (Status.MATCHED, Status.QUARANTINED, Status.UNSCANNABLE, Status.FAILED)

# A settled item needs no worker, and its status refuses the claim. Of two workers only one gets the lease:
#
# worker A   claims: gets the lease ---- works, and dies
# worker B          claims: refused                     A's lease ends ---- claims: gets the lease
_CLAIMABLE = (
    "(attribute_not_exists(#status) OR #status IN (:status, :deferred, :matched)) "
    "AND (attribute_not_exists(#lease_until) OR #lease_until < :now)"
)
# worker A   claims ---- is slow ---------------------------------------------- settles: refused
# worker B                        A's lease ends ---- claims, settles: QUARANTINED
_LEASE_OWNED = "#lease = :own_lease"
# worker A   reads CLEAN of event 1 ---- reopens for event 2: PENDING
# worker B   reads CLEAN of event 1 ---------------------------------- reopens for event 2: refused
_UNCHANGED = "#status = :old_status AND #sequencer = :old_sequencer"
# worker A   settles, publishes --------------------------- marks as published: refused
# worker B                      reopens for event 2: PENDING
_STILL_SETTLED = "attribute_exists(settled_at)"


@dataclass(frozen=True, slots=True)
class Update:
    """The arguments of one conditional UpdateItem."""

    expression: str
    condition: str
    values: Mapping[str, object]
    names: Mapping[str, str]


def claim_update(upload: Upload, claim: dict[str, object], now: float) -> Update:
    """Return the update that creates the item, or takes over its lease.

    `claim`: the attributes that every claim sets anew; `now`: epoch seconds.
    """
    initial: dict[str, object] = {
        "status": Status.PENDING.value,
        "received_at": to_iso(now),
        "attempts": 0,
        "matches": [],
        "is_test": False,
        "sequencer": upload.sequencer,
        "source": source_attribute(upload),
    }
    created = [f"#{name} = if_not_exists(#{name}, :{name})" for name in initial]
    values = {":deferred": Status.DEFERRED.value, ":matched": Status.MATCHED.value, ":now": int(now)}
    expression = f"SET {', '.join([*created, *_assignments(claim)])}"
    return Update(expression, _CLAIMABLE, _values(initial | claim) | values, _names(initial | claim))


def needs_new_scan(job: ScanJob, item: Mapping[str, Any]) -> bool:
    """Return whether a settled item is to be reopened for a job.

    In a bucket without versions the same bytes under the same key have the same ETag. A later event is then another
    upload, and the outcome of the first (clean, or quarantined and gone) says nothing about it.
    """
    is_later = job.upload.version_id is None and _is_later(job.upload.sequencer, item["sequencer"])
    return is_later or (job.redriven and item["status"] == Status.FAILED)


def _is_later(sequencer: str, other: str) -> bool:
    """Compare as S3 documents it: the shorter one is padded with zeros on the right."""
    length = max(len(sequencer), len(other))
    return sequencer.ljust(length, "0").upper() > other.ljust(length, "0").upper()


def reopen_update(upload: Upload, item: Mapping[str, Any], now: float) -> Update:
    """Return the update that makes a settled item pending again, and keeps where earlier evidence is stored."""
    changes: dict[str, object] = {
        "status": Status.PENDING.value,
        "sequencer": max(upload.sequencer, item["sequencer"]),
        "matches": [],
        "is_test": False,
        "received_at": to_iso(now),
    }
    removed = ("expires_at", "settled_at", "reason", "tracking_id", "matched_at", *SEEN_ATTRIBUTES, *COPY_ATTRIBUTES)
    previous = "#previous_matches = list_append(if_not_exists(#previous_matches, :matches), :kept)"
    values = {":kept": _kept_match(item), ":old_status": item["status"], ":old_sequencer": item["sequencer"]}
    expression = f"SET {', '.join([*_assignments(changes), previous])} REMOVE {', '.join(_names(removed))}"
    return Update(expression, _UNCHANGED, _values(changes) | values, _names([*changes, *removed, "previous_matches"]))


def _kept_match(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is appended to `previous_matches`: one match, or none."""
    if "quarantine_version" not in item or len(item.get("previous_matches", [])) >= MAX_PREVIOUS_MATCHES:
        return []
    return [{name: item[name] for name in PREVIOUS_MATCH_ATTRIBUTES if name in item}]


def leased_update(record: ScanRecord, status: Status, attributes: Mapping[str, object], release: bool) -> Update:
    """Return an update by the worker that holds the lease.

    `attributes`: new values, None to remove an attribute; `release`: give the lease back.
    """
    changes = dict(attributes) | {"status": status.value, "needs_attention": _attention(record, status)}
    changes |= {"lease": None, "lease_until": None} if release else {}
    kept = {name: value for name, value in changes.items() if value is not None}
    removed = [f"#{name}" for name, value in changes.items() if value is None]
    expression = f"SET {', '.join(_assignments(kept))}" + (f" REMOVE {', '.join(removed)}" if removed else "")
    return Update(expression, _LEASE_OWNED, _values(kept) | {":own_lease": record.lease}, _names([*changes, "lease"]))


def _attention(record: ScanRecord, status: Status) -> str | None:
    """Return the value of `needs_attention` for a new status, or None."""
    vanished_match = status is Status.GONE and record.status is Status.MATCHED
    test_match = status is Status.QUARANTINED and record.is_test
    if vanished_match or (status in _ATTENTION_STATUSES and not test_match):
        return status.value
    # An earlier match in quarantine still needs attention, whatever became of the same bytes uploaded again.
    return Status.QUARANTINED.value if record.quarantined_before else None


def settled_attributes(
    record: ScanRecord, status: Status, reason: str, now: float, clean_result_seconds: int
) -> dict[str, object]:
    """Return the attributes of a settled record. `now`: epoch seconds; `clean_result_seconds`: until it expires."""
    attributes: dict[str, object] = {"settled_at": to_iso(now), "attempts": record.attempts}
    attributes |= {"is_test": record.is_test, "hold_reason": None}
    if status in _EXPIRING_STATUSES and not record.has_match_history:
        attributes |= {"expires_at": int(now) + clean_result_seconds, "source": None}
    if status is Status.CLEAN:
        attributes |= PUBLISHED_ATTRIBUTES
    # A match's reason says how it was found, and stays.
    if reason or not record.has_match_history:
        attributes["reason"] = reason or None
    return attributes


def published_update() -> Update:
    """Return the update that notes that the settled event was published. It needs no lease."""
    names = _names(PUBLISHED_ATTRIBUTES)
    return Update(f"REMOVE {', '.join(names)}", _STILL_SETTLED, {}, names)


def tagged_update(status: Status, done: bool) -> Update:
    """Return the update that notes whether the scan-status tag was set. It needs no lease."""
    names = {"#attention": "needs_attention"}
    if done and status not in _ATTENTION_STATUSES:
        return Update("REMOVE #attention", _STILL_SETTLED, {}, names)
    attention = status.value if done else UNTAGGED
    return Update("SET #attention = :attention", _STILL_SETTLED, {":attention": attention}, names)


def _assignments(names: Iterable[str]) -> list[str]:
    return [f"#{name} = :{name}" for name in names]


def _names(names: Iterable[str]) -> dict[str, str]:
    return {f"#{name}": name for name in names}


def _values(attributes: Mapping[str, object]) -> dict[str, object]:
    return {f":{name}": value for name, value in attributes.items()}
