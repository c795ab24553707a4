"""The updates of a results-table item. Above each condition stands the timeline that it protects. Pure."""

from collections.abc import Mapping

from photodna_guard.aws.result_item import UNTAGGED, source_attribute
from photodna_guard.aws.update_expression import Update, assignments, name_placeholders, value_placeholders
from photodna_guard.domain.models import Decision, ScanRecord, Status, Upload
from photodna_guard.domain.result_index import index_attributes
from photodna_guard.domain.timestamps import to_iso

# The attributes that an item loses when its settled event needs no publishing any more.
PUBLISHED_ATTRIBUTES: Mapping[str, None] = {"unsettled": None, "redeliver_at": None, "queue": None}
_EXPIRING_STATUSES = (Status.CLEAN, Status.SKIPPED, Status.GONE)
# Statuses that an operator should look at, through the sparse index `needs-attention`. DEFERRED is none of them: each
# status is one partition, which takes a thousand writes a second, and beyond them DynamoDB throttles the whole table.
# A burst defers more than that. The index `unsettled` has what waits, in shards.
_ATTENTION_STATUSES = (Status.MATCHED, Status.QUARANTINED, Status.UNSCANNABLE, Status.FAILED)
# The value of `needs_attention` of a match of the service's own samples, which is listed apart.
TEST_MATCH = "TEST"

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
# worker A   settles, publishes --------------------------- marks as published: refused
# worker B                      reopens for event 2: PENDING
_STILL_SETTLED = "attribute_exists(settled_at)"
# worker A   reads no decision, tags clean ------------------------------ marks as published: refused
# operator                                 denies: the sweep leads to it
_UNDECIDED, _SAME_DECISION = "attribute_not_exists(decision)", "decision.#at = :decided_at"


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
    values: dict[str, object] = {":deferred": Status.DEFERRED.value, ":matched": Status.MATCHED.value, ":now": int(now)}
    expression = f"SET {', '.join([*created, *assignments(claim)])}"
    return Update(
        expression, _CLAIMABLE, value_placeholders(initial | claim) | values, name_placeholders(initial | claim)
    )


def leased_update(record: ScanRecord, status: Status, attributes: Mapping[str, object], release: bool) -> Update:
    """Return an update by the worker that holds the lease.

    `attributes`: new values, None to remove an attribute; `release`: give the lease back.
    """
    changes = dict(attributes) | {"status": status.value, "needs_attention": _attention(record, status)}
    changes |= {"lease": None, "lease_until": None} if release else {}
    kept = {name: value for name, value in changes.items() if value is not None}
    removed = [f"#{name}" for name, value in changes.items() if value is None]
    expression = f"SET {', '.join(assignments(kept))}" + (f" REMOVE {', '.join(removed)}" if removed else "")
    return Update(
        expression,
        _LEASE_OWNED,
        value_placeholders(kept) | {":own_lease": record.lease},
        name_placeholders([*changes, "lease"]),
    )


def _attention(record: ScanRecord, status: Status) -> str | None:
    """Return the value of `needs_attention` for a new status, or None."""
    vanished_match = status is Status.GONE and record.status is Status.MATCHED
    test_match = status is Status.QUARANTINED and record.is_test
    # A person decided already what becomes of a version that nobody can scan.
    decided = status is Status.UNSCANNABLE and record.decision is not None
    if vanished_match or (status in _ATTENTION_STATUSES and not test_match and not decided):
        return status.value
    # An earlier match in quarantine still needs attention, whatever became of the same bytes uploaded again.
    if record.quarantined_before:
        return Status.QUARANTINED.value
    return TEST_MATCH if test_match else None


def settled_attributes(
    upload: Upload, record: ScanRecord, status: Status, reason: str, now: float, clean_result_seconds: int
) -> dict[str, object]:
    """Return the attributes of a settled record. `now`: epoch seconds; `clean_result_seconds`: until it expires."""
    attributes: dict[str, object] = {"settled_at": to_iso(now), "attempts": record.attempts}
    attributes |= {"is_test": record.is_test, "hold_reason": None}
    # Without its record a version would be checked anew, and a denied one would be readable again.
    if status in _EXPIRING_STATUSES and not record.has_match_history and not record.decision:
        attributes |= {"expires_at": int(now) + clean_result_seconds, "source": None}
    if status is Status.CLEAN:
        attributes |= PUBLISHED_ATTRIBUTES
    # A match's reason says how it was found, and stays.
    final_reason = reason or (record.reason if record.has_match_history else "")
    attributes["reason"] = final_reason or None
    return attributes | index_attributes(upload, status, final_reason, to_iso(now))


def published_update(decision: Decision | None = None) -> Update:
    """Return the update that notes that the settled event was published. It needs no lease.

    `decision`: the one that the tag says. A later one is still to be tagged.
    """
    names = name_placeholders(PUBLISHED_ATTRIBUTES)
    expression = f"REMOVE {', '.join(names)}"
    if decision is None:
        return Update(expression, f"{_STILL_SETTLED} AND {_UNDECIDED}", {}, names)
    condition, values = f"{_STILL_SETTLED} AND {_SAME_DECISION}", {":decided_at": decision.at}
    return Update(expression, condition, values, names | {"#at": "at"})


def tagged_update(status: Status, done: bool, is_decided: bool = False) -> Update:
    """Return the update that notes whether the scan-status tag was set. It needs no lease.

    `is_decided`: a person has decided about the version, and need not look at it again.
    """
    names = {"#attention": "needs_attention"}
    if done and (is_decided or status not in _ATTENTION_STATUSES):
        return Update("REMOVE #attention", _STILL_SETTLED, {}, names)
    attention = status.value if done else UNTAGGED
    return Update("SET #attention = :attention", _STILL_SETTLED, {":attention": attention}, names)
