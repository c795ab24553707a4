"""A result as DynamoDB holds it, and what it says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from guard.model import Copy, Delivery, ScanRecord, Status

# What a record that is opened again keeps of an earlier match, in the list `earlier`.
# More than that add nothing, and a result has 400 KB: the copies are found by `quarantine_key` all the same.
MOST_EARLIER = 20
EVIDENCE = ("quarantine_key", "quarantine_version", "sha256", "matches", "is_test", "tracking_id", "settled_at")


def asked_anew(delivery: Delivery, item: Mapping[str, Any]) -> bool:
    """Whether a settled record is to be opened again.

    Without versions the same bytes under the same key have the same ETag: a later event of theirs is another upload,
    and what was true of the first (clean, or quarantined and gone) says nothing about it.
    """
    upload = delivery.upload
    again = upload.version_id is None and _later(upload.sequencer, item["sequencer"])
    return again or (delivery.redriven and item["status"] == Status.FAILED)


def _later(one: str, other: str) -> bool:
    """S3's order: the shorter padded with zeros on the right."""
    length = max(len(one), len(other))
    return one.ljust(length, "0").upper() > other.ljust(length, "0").upper()


def record_of(item: Mapping[str, Any]) -> ScanRecord:
    """The record that an item is."""
    copy = Copy(item["quarantine_version"], item["sha256"]) if "quarantine_version" in item else None
    return ScanRecord(
        status=Status(item["status"]),
        lease=item.get("lease", ""),
        attempts=int(item["attempts"]),
        is_test=item["is_test"],
        copy=copy,
        evidence=bool(item["matches"] or item.get("earlier") or item["status"] == Status.MATCHED),
        quarantined_before=any(not match["is_test"] for match in item.get("earlier", [])),
        received=datetime.fromisoformat(item["received_at"]).timestamp(),
    )


def iso(epoch: float) -> str:
    """An epoch second as the results have it: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
