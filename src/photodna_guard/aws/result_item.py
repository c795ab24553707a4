"""An item of the results table <-> the domain's values."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.models import Decision, QuarantinedCopy, ScanRecord, SourceObject, Status, Upload
from photodna_guard.domain.verdicts import MatchFlag, Verdict

# The value of `needs_attention` of a settled record whose object has no room for the scan-status tag.
UNTAGGED = "UNTAGGED"
# The partition of the index `unsettled` with settled records whose tag an operator decided. Such a record may have been
# received months ago, and is not what OldestUnsettled measures.
DECIDED = "decided"
# Partitions of the index `unsettled` for each queue. One partition takes a thousand writes a second.
SHARD_COUNT = 16


def parse_record(item: Mapping[str, Any]) -> ScanRecord:
    """Return an item as a record."""
    status = Status(item["status"])
    previous_matches = item.get("previous_matches", [])
    return ScanRecord(
        status=status,
        lease=item.get("lease", ""),
        attempts=int(item["attempts"]),
        is_test=item["is_test"],
        copy=parse_copy(item),
        digest=parse_digest(item),
        has_match_history=bool(item["matches"] or previous_matches or status is Status.MATCHED),
        quarantined_before=any(not match["is_test"] for match in previous_matches),
        received=parse_received(item),
        published=item.get("unsettled") in (None, DECIDED),
        untagged=item.get("needs_attention") == UNTAGGED,
        reason=item.get("reason", ""),
        decision=parse_decision(item),
        awaits_decided_tag=item.get("unsettled") == DECIDED,
        match_attributes=item if status is Status.MATCHED else {},
    )


def parse_received(item: Mapping[str, Any]) -> float:
    """Return the epoch seconds at which an item's upload was first claimed."""
    return datetime.fromisoformat(item["received_at"]).timestamp()


def parse_decision(item: Mapping[str, Any]) -> Decision | None:
    """Return what a person decided about an item's version, if anything."""
    if "decision" not in item:
        return None
    return Decision(item["decision"]["allowed"], item["decision"]["at"])


def parse_copy(item: Mapping[str, Any]) -> QuarantinedCopy | None:
    """Return an item's quarantined copy, if it has one."""
    if "quarantine_version" not in item:
        return None
    return QuarantinedCopy(item["quarantine_key"], item["quarantine_version"], item["sha256"], int(item.get("size", 0)))


def parse_digest(item: Mapping[str, Any]) -> ContentDigest | None:
    """Return the digests of a large match that has no copy yet, if they are known."""
    if "source_digest" not in item:
        return None
    digest = item["source_digest"]
    return ContentDigest(digest["sha256"], digest["md5"], int(digest["size"]), digest["is_proved"])


def parse_flags(item: Mapping[str, Any]) -> tuple[MatchFlag, ...]:
    """Return the sources' matches in an item."""
    return tuple(
        MatchFlag(
            source=match["source"],
            match_id=match.get("match_id"),
            violations=tuple(match.get("violations", ())),
            distance=None if match.get("distance") is None else int(match["distance"]),
        )
        for match in item["matches"]
    )


def parse_upload(item: Mapping[str, Any]) -> Upload:
    """Return an item's upload, as its event described it."""
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


def source_attribute(upload: Upload) -> dict[str, Any]:
    """Return the item's `source`: the event's facts that evidence and redelivery need, without the empty ones."""
    facts = {
        "etag": upload.etag,
        "size": upload.size,
        "event_time": upload.event_time,
        "principal": upload.principal,
        "source_ip": upload.source_ip,
    }
    return {name: value for name, value in facts.items() if value}


def match_attributes(verdict: Verdict) -> dict[str, object]:
    """Return the attributes of a match. None removes an attribute."""
    return {
        "tracking_id": verdict.tracking_id,
        "is_test": verdict.is_test,
        "matches": [asdict(flag) | {"violations": list(flag.violations)} for flag in verdict.flags],
        "reason": verdict.reason or None,
    }


def copy_attributes(copy: QuarantinedCopy, source: SourceObject) -> dict[str, object]:
    """Return the attributes of a quarantined copy and of the source's headers and tags. None removes an attribute."""
    return {
        "quarantine_key": copy.key,
        "quarantine_version": copy.version_id,
        "sha256": copy.sha256,
        "size": copy.size,
        "metadata": dict(source.metadata),
        "content_type": source.content_type,
        "headers": dict(source.headers) or None,
        "last_modified": source.last_modified,
        "tags": None if source.tags is None else dict(source.tags),
        "source_digest": None,
    }


def shard_of(upload: Upload, queue: str) -> str:
    """Return an upload's partition of the index `unsettled`. The backfill's are its own, and hide no fresh upload."""
    return shard_name(queue, zlib.crc32(upload.id.encode()))


def shard_name(queue: str, number: int) -> str:
    """Return the name of a queue's partition of the index `unsettled`."""
    return f"{queue}-{number % SHARD_COUNT:x}"
