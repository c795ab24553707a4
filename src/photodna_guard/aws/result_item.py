"""A result as DynamoDB holds it, and what it says."""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from photodna_guard.domain.models import MatchFlag, QuarantinedCopy, ScanJob, ScanRecord, Status, Upload

# What a record that is opened again keeps of an earlier match, in the list `previous_matches`.
# More than that add nothing, and a result has 400 KB: the copies are found by `quarantine_key` all the same.
MAX_PREVIOUS_MATCHES = 20
KEPT_ATTRIBUTES = (
    "quarantine_key",
    "quarantine_version",
    "evidence_key",
    "sha256",
    "matches",
    "is_test",
    "tracking_id",
    "settled_at",
)
COPY_ATTRIBUTES = (
    "quarantine_key",
    "quarantine_version",
    "sha256",
    "size",
    "copied_at",
    "content_type",
    "last_modified",
    "metadata",
    "evidence_key",
)

UNTAGGED = "UNTAGGED"  # of `needs_attention`: settled, and no room for its tag
SHARDS = 16  # of the index `unsettled`: one partition takes a thousand writes a second


def needs_new_scan(delivery: ScanJob, item: Mapping[str, Any]) -> bool:
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
    status = Status(item["status"])
    return ScanRecord(
        status=status,
        lease=item.get("lease", ""),
        attempts=int(item["attempts"]),
        is_test=item["is_test"],
        copy=copy_of(item),
        evidence=bool(item["matches"] or item.get("previous_matches") or status is Status.MATCHED),
        quarantined_before=any(not match["is_test"] for match in item.get("previous_matches", [])),
        received=datetime.fromisoformat(item["received_at"]).timestamp(),
        published="unsettled" not in item,
        untagged=item.get("needs_attention") == UNTAGGED,
        reason=item.get("reason", ""),
        facts=item if status is Status.MATCHED else {},
    )


def copy_of(item: Mapping[str, Any]) -> QuarantinedCopy | None:
    """The copy that an item tells of, where there is one."""
    if "quarantine_version" not in item:
        return None
    return QuarantinedCopy(item["quarantine_key"], item["quarantine_version"], item["sha256"], int(item.get("size", 0)))


def flags_of(item: Mapping[str, Any]) -> tuple[MatchFlag, ...]:
    """What the service said of a match."""
    return tuple(
        MatchFlag(
            source=match["source"],
            match_id=match.get("match_id"),
            violations=tuple(match.get("violations", ())),
            distance=None if match.get("distance") is None else int(match["distance"]),
        )
        for match in item["matches"]
    )


def source_of(upload: Upload) -> dict[str, Any]:
    """What a record keeps of its upload's event: for its evidence, and for a sweep that sends it again."""
    return {
        "etag": upload.etag,
        "size": upload.size,
        "event_time": upload.event_time,
        "principal": upload.principal,
        "source_ip": upload.source_ip,
    }


def upload_of(item: Mapping[str, Any]) -> Upload:
    """The upload that a record is of, as its event told of it."""
    bucket, _, key = item["upload"].partition("/")
    source, version = item.get("source", {}), item["version"]
    return Upload(
        bucket,
        key,
        etag=source.get("etag", version.removeprefix("etag:")),
        version_id=None if version.startswith("etag:") else version,
        size=int(source["size"]) if "size" in source else None,
        sequencer=item.get("sequencer", ""),
        event_time=source.get("event_time", ""),
        principal=source.get("principal", ""),
        source_ip=source.get("source_ip", ""),
    )


def shard(upload: Upload) -> str:
    """The partition of the index `unsettled` that an upload's record is in."""
    return f"{zlib.crc32(upload.id.encode()) % SHARDS:x}"


def published_attributes() -> dict[str, None]:
    """The attributes that end with it when nothing is left to be told of a record."""
    return {"unsettled": None, "redeliver_at": None, "queue": None}
