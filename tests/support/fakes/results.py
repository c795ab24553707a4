"""Fakes of the results table and of its unsettled index."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.errors import LeaseHeldError
from photodna_guard.domain.models import (
    Decision,
    QuarantinedCopy,
    ScanJob,
    ScanRecord,
    SourceObject,
    Status,
    UnsettledRecord,
    Upload,
)
from photodna_guard.domain.verdicts import Verdict
from tests.support.fakes.failing import NOW, Failing


@dataclass
class FakeResultsTable(Failing):
    records: dict[str, ScanRecord] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: list[Status] = field(default_factory=list)
    quarantined: dict[str, Verdict] = field(default_factory=dict)  # by the SHA-256 of its bytes

    def claim(self, delivery: ScanJob) -> ScanRecord:
        self.call("claim")
        name = delivery.upload.version + delivery.upload.key
        record = self.records.get(name, ScanRecord(Status.PENDING, "", received=NOW - 5))
        if delivery.rescan and record.status is Status.GONE:
            record = replace(record, status=Status.PENDING)
        if record.status.settled:
            return record
        if name in self.leases:
            raise LeaseHeldError("another worker has it", until=NOW + 100)
        lease = f"lease {len(self.calls)}"
        self.records[name], self.leases[name] = replace(record, lease=lease), lease
        return self.records[name]

    def find_quarantined_by_sha256(self, sha256: str) -> Verdict | None:
        self.call("find_quarantined_by_sha256")
        return self.quarantined.get(sha256)

    def record_match(
        self, upload: Upload, record: ScanRecord, verdict: Verdict, seen: Mapping[str, object]
    ) -> ScanRecord:
        self.call("record_match")
        self._write(upload, record, Status.MATCHED, {"flags": verdict.flags, "why": verdict.reason, **seen})
        facts: dict[str, Any] = {"matches": [], "is_test": verdict.is_test, "received_at": "r", "matched_at": "m"}
        facts |= {name: seen[name] for name in ("tags", "size") if name in seen}
        return self._change(upload, is_test=verdict.is_test, has_match_history=True, match_attributes=facts)

    def record_copy(
        self, upload: Upload, record: ScanRecord, copy: QuarantinedCopy, source: SourceObject
    ) -> ScanRecord:
        self.call("record_copy")
        self._write(upload, record, Status.MATCHED, {})
        where = {"quarantine_key": copy.key, "quarantine_version": copy.version_id, "sha256": copy.sha256}
        facts = dict(record.match_attributes) | where | {"size": copy.size, "copied_at": "c", "tags": source.tags}
        return self._change(upload, copy=copy, digest=None, match_attributes=facts)

    def update_match(self, upload: Upload, record: ScanRecord, attributes: Mapping[str, object]) -> ScanRecord:
        self.call("update_match")
        self._write(upload, record, Status.MATCHED, dict(attributes))
        digest: Any = attributes.get("source_digest")
        facts = {**record.match_attributes, **({"tags": attributes["tags"]} if "tags" in attributes else {})}
        return self._change(upload, digest=ContentDigest(**digest) if digest else None, match_attributes=facts)

    def hold_for_operator(self, upload: Upload, record: ScanRecord, reason: str, until: float) -> None:
        self.call("hold_for_operator")
        held = {"hold_reason": reason, "held_until": until}
        self._write(upload, record, Status.MATCHED, held, release=True)

    def mark_published(self, upload: Upload, decision: Decision | None) -> None:
        self.call("mark_published")
        name = upload.version + upload.key
        if self.records[name].decision == decision:
            self._change(upload, published=True, awaits_decided_tag=False)

    def mark_tagged(self, upload: Upload, status: Status, done: bool, is_decided: bool) -> None:
        self.call("mark_tagged")
        self._change(upload, untagged=not done)

    def defer(self, upload: Upload, record: ScanRecord, reason: str, delay: float) -> None:
        self.call("defer")
        status = Status.MATCHED if record.status is Status.MATCHED else Status.DEFERRED
        self._write(upload, record, status, {"reason": reason}, release=True)

    def settle(
        self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **more: object
    ) -> ScanRecord:
        self.call("settle")
        self._write(upload, record, status, {"reason": reason, **more}, release=True)
        return self._change(upload, published=status is Status.CLEAN, reason=reason)

    def status(self, key: str = "a.jpg", version: str = "v1") -> Status:
        return self.records[version + key].status

    def _change(self, upload: Upload, **changes: Any) -> ScanRecord:
        name = upload.version + upload.key
        self.records[name] = replace(self.records[name], **changes)
        return self.records[name]

    def _write(
        self, upload: Upload, record: ScanRecord, status: Status, told: dict[str, Any], release: bool = False
    ) -> None:
        name = upload.version + upload.key
        if self.leases.get(name) != record.lease:
            raise LeaseHeldError("another worker took it over", until=NOW + 5)
        self.records[name] = replace(self.records[name], status=status, attempts=record.attempts)
        self.attributes.setdefault(name, {}).update(told)
        self.history.append(status)
        if release:
            del self.leases[name]


@dataclass
class FakeResultLookup(Failing):
    """The record keys of matches."""

    matches: set[tuple[str, str]] = field(default_factory=set)
    # The record keys of all records, and those that were looked up.
    known: set[tuple[str, str]] = field(default_factory=set)
    looked_up: list[tuple[str, str]] = field(default_factory=list)

    def find_without_service(self, uploads: Iterable[Upload]) -> set[tuple[str, str]]:
        self.call("find_without_service")
        return self.matches & {upload.record_key for upload in uploads}

    def find_known(self, uploads: Iterable[Upload]) -> set[tuple[str, str]]:
        self.call("find_known")
        keys = [upload.record_key for upload in uploads]
        self.looked_up += keys
        return self.known & set(keys)


@dataclass
class FakeUnsettledIndex:
    """The index; a claim moves an upload's time, so that nobody else claims it for the same."""

    there: list[UnsettledRecord] = field(default_factory=list)
    withheld: list[UnsettledRecord] = field(default_factory=list)
    claimed: list[tuple[UnsettledRecord, int]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # of these somebody else was first
    shards: int = 1
    firsts: list[int] = field(default_factory=list)

    def find_oldest(self, queue: str) -> float | None:
        return min((one.received for one in self.there if one.queue == queue), default=None)

    def iter_unsettled(self, queue: str, first: int) -> Iterator[UnsettledRecord]:
        """Yield the records of each partition, which is the version's number."""
        self.firsts.append(first)
        partitions: list[list[UnsettledRecord]] = [[] for _ in range(self.shards)]
        for one in (one for one in self.there if one.queue == queue):
            partitions[int(one.version[1:]) % self.shards].append(one)
        for shard in range(self.shards):
            yield from partitions[(first + shard) % self.shards]

    def iter_held(self) -> Iterator[UnsettledRecord]:
        yield from self.withheld

    def claim(self, waiting: UnsettledRecord, now: int) -> Upload | None:
        bucket, _, key = waiting.upload.partition("/")
        if key in self.taken:
            return None
        self.claimed.append((waiting, now))
        return Upload(bucket, key, "etag", waiting.version)
