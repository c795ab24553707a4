"""When a settled item is opened again, and the update that does it. Pure."""

from collections.abc import Mapping
from typing import Any

from photodna_guard.aws.update_expression import Update, assignments, name_placeholders, value_placeholders
from photodna_guard.domain.backfill_job import PASSING_REASONS
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.domain.result_index import INDEX_ATTRIBUTES
from photodna_guard.domain.timestamps import to_iso

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
    "headers",
    "tags",
    "source_digest",
    "evidence_key",
    "release_key",
)
# worker A   reads CLEAN of event 1 ---- reopens for event 2: PENDING
# worker B   reads CLEAN of event 1 ---------------------------------- reopens for event 2: refused
_UNCHANGED = "#status = :old_status AND #sequencer = :old_sequencer"


def needs_new_scan(job: ScanJob, item: Mapping[str, Any]) -> bool:
    """Return whether a settled item is to be reopened for a job.

    In a bucket without versions the same bytes under the same key have the same ETag. A later event is then another
    upload, and the outcome of the first (clean, or quarantined and gone) says nothing about it.
    """
    is_later = job.upload.version_id is None and _is_later(job.upload.sequencer, item["sequencer"])
    is_redriven = job.redriven and item["status"] == Status.FAILED
    return is_later or is_redriven or (job.rescan and (_may_have_passed(item) or _is_asked_for_again(job, item)))


def _may_have_passed(item: Mapping[str, Any]) -> bool:
    """Return whether what kept a version from being scanned may be over. Who asks for the rescan saw the version."""
    is_passing = item["status"] == Status.UNSCANNABLE and item.get("reason") in PASSING_REASONS
    return is_passing or item["status"] in (Status.GONE, Status.FAILED)


def _is_asked_for_again(job: ScanJob, item: Mapping[str, Any]) -> bool:
    """Return whether an operator asked for a check after this result. A repeated message finds a later result."""
    is_match = item["status"] == Status.QUARANTINED
    return bool(job.reopen_settled_until) and not is_match and item["settled_at"] <= job.reopen_settled_until


def _is_later(sequencer: str, other: str) -> bool:
    """Compare as S3 documents it: the shorter one is padded with zeros on the right."""
    length = max(len(sequencer), len(other))
    return sequencer.ljust(length, "0").upper() > other.ljust(length, "0").upper()


def reopen_update(upload: Upload, item: Mapping[str, Any], now: float) -> Update:
    """Return the update that makes a settled item pending again, and keeps where earlier evidence is stored."""
    if _is_vanished_match(upload, item):
        return _resume_update(item)
    changes: dict[str, object] = {
        "status": Status.PENDING.value,
        "sequencer": max(upload.sequencer, item["sequencer"]),
        "matches": [],
        "is_test": False,
        "received_at": to_iso(now),
    }
    settled = ("expires_at", "settled_at", "reason", *INDEX_ATTRIBUTES)
    removed = (*settled, "tracking_id", "matched_at", *SEEN_ATTRIBUTES, *COPY_ATTRIBUTES)
    previous = "#previous_matches = list_append(if_not_exists(#previous_matches, :matches), :kept)"
    values = value_placeholders(changes) | {":kept": _kept_match(item)} | _unchanged_values(item)
    expression = f"SET {', '.join([*assignments(changes), previous])} REMOVE {', '.join(name_placeholders(removed))}"
    return Update(expression, _UNCHANGED, values, name_placeholders([*changes, *removed, "previous_matches"]))


def _is_vanished_match(upload: Upload, item: Mapping[str, Any]) -> bool:
    """Return whether a match was not found when it was to be copied. A version that is there after all is one still."""
    return upload.version_id is not None and item["status"] == Status.GONE and bool(item["matches"])


def _resume_update(item: Mapping[str, Any]) -> Update:
    """Return the update that has the quarantine workflow go on with a match."""
    changes, removed = {"status": Status.MATCHED.value}, ("settled_at", "reason", *INDEX_ATTRIBUTES)
    expression = f"SET {', '.join(assignments(changes))} REMOVE {', '.join(name_placeholders(removed))}"
    values = value_placeholders(changes) | _unchanged_values(item)
    return Update(expression, _UNCHANGED, values, name_placeholders([*changes, *removed, "sequencer"]))


def _unchanged_values(item: Mapping[str, Any]) -> dict[str, object]:
    return {":old_status": item["status"], ":old_sequencer": item["sequencer"]}


def _kept_match(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is appended to `previous_matches`: one match, or none."""
    if "quarantine_version" not in item or len(item.get("previous_matches", [])) >= MAX_PREVIOUS_MATCHES:
        return []
    return [{name: item[name] for name in PREVIOUS_MATCH_ATTRIBUTES if name in item}]
