"""The results table: one item for each version, and the lease of whoever works on it.

PENDING -> CLEAN | SKIPPED | UNSCANNABLE | GONE | MATCHED -> QUARANTINED, with DEFERRED on the way and FAILED when
retrying is over. Every write after `begin` is conditional on the lease, so that a worker which was overtaken
changes nothing:

    worker A  begin ---- asks, is slow ------------------------- settle: refused (Held)
    worker B                          lease ends, begin, settle: QUARANTINED
"""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from photodna_guard.aws.result_item import (
    COPY_ATTRIBUTES,
    KEPT_ATTRIBUTES,
    MAX_PREVIOUS_MATCHES,
    UNTAGGED,
    flags_of,
    needs_new_scan,
    published_attributes,
    record_of,
    shard,
    source_of,
)
from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.errors import LeaseHeldError
from photodna_guard.domain.models import (
    MatchOutcome,
    QuarantinedCopy,
    ScanJob,
    ScanRecord,
    SourceObject,
    Status,
    Upload,
    Verdict,
    to_iso,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_SECONDS = 160.0  # longer than the longest a function runs, so that a lease only ends for the dead
# Seconds beyond the time at which a message is due after which it counts as lost, and the sweep sends another. A
# backlog's messages lie in their queue for long; those of a backfill for days.
REDELIVER_AFTER_SECONDS = {"retry": 1800, "backfill": 86400}
HELD_FOR_OPERATOR = "held"  # of the index `unsettled`: matches that are not moved until the operator says so

# Statuses that somebody should look at: the sparse index's partition key.
_ATTENTION = (Status.DEFERRED, Status.MATCHED, Status.QUARANTINED, Status.UNSCANNABLE, Status.FAILED)
_EXPIRING = (Status.CLEAN, Status.SKIPPED, Status.GONE)


class ResultsTable:
    """The results table. Its methods raise Held where another worker has the version, else Busy and TryAgain."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clean_result_days: int,
        queue: str = "retry",
        now: Callable[[], float] = time.time,
    ) -> None:
        """`queue`: that a lost message is sent again to, of REDELIVER_AFTER_SECONDS."""
        self._table, self._keep, self._now = Table(client, table, now), clean_result_days * 86400, now
        self._queue = queue

    def claim(self, job: ScanJob) -> ScanRecord:
        """Makes the record, or takes it up; one call. What is settled is returned as it is, without a lease."""
        now, lease = self._now(), uuid.uuid4().hex
        try:
            return self._take(job.upload, now, lease)
        except ConditionFailedError as refused:
            item = refused.item
        if item.get("lease") == lease:  # the first answer was lost on its way, and the call made again
            return record_of(item)
        if not Status(item["status"]).settled:
            raise LeaseHeldError("another worker has it", until=float(item["lease_until"]))
        if not needs_new_scan(job, item):
            return record_of(item)
        self._reopen(job.upload, item)
        try:
            return self._take(job.upload, now, lease)
        except ConditionFailedError:
            raise LeaseHeldError("another worker has it", until=now + 5) from None

    def record_match(self, upload: Upload, record: ScanRecord, verdict: Verdict) -> ScanRecord:
        """Writes the intent of the move, before anything is moved."""
        matches = [asdict(flag) | {"violations": list(flag.violations)} for flag in verdict.flags]
        found = {
            "tracking_id": verdict.tracking_id,
            "is_test": verdict.is_test,
            "matches": matches,
            "matched_at": to_iso(self._now()),
            "reason": verdict.reason or None,
        }
        return self._write(upload, record, Status.MATCHED, found | {"attempts": record.attempts})

    def record_copy(
        self, upload: Upload, record: ScanRecord, copy: QuarantinedCopy, source: SourceObject
    ) -> ScanRecord:
        """Writes that a verified copy is under lock: from here on the source may go."""
        where = {"quarantine_key": copy.key, "quarantine_version": copy.version_id, "sha256": copy.sha256}
        said = {"content_type": source.content_type, "last_modified": source.last_modified}
        kept = {"size": copy.size, "copied_at": to_iso(self._now()), "metadata": dict(source.metadata), **said}
        return self._write(upload, record, Status.MATCHED, {**where, **kept, "is_test": record.is_test})

    def defer(self, upload: Upload, record: ScanRecord, reason: str, delay: float) -> None:
        """Gives the lease back: a message leads here again after `delay` seconds. A match stays MATCHED."""
        status = Status.MATCHED if record.status is Status.MATCHED else Status.DEFERRED
        overdue = int(self._now() + delay) + REDELIVER_AFTER_SECONDS[self._queue]
        sets = {"attempts": record.attempts, "redeliver_at": overdue}
        self._write(upload, record, status, sets | ({} if record.evidence else {"reason": reason}), release=True)

    def hold_for_operator(self, upload: Upload, record: ScanRecord, reason: str) -> None:
        """Gives the lease of a match back. Nothing leads here again but the sweep, once it may."""
        sets = {
            "attempts": record.attempts,
            "hold_reason": reason,
            "unsettled": HELD_FOR_OPERATOR,
            "redeliver_at": int(self._now()),
        }
        self._write(upload, record, Status.MATCHED, sets, release=True)

    def find_quarantined_by_sha256(self, sha256: str) -> Verdict | None:
        """The verdict on a picture of the same bytes that is in quarantine; None where there is none.

        One that an operator has marked as `released` says nothing.
        """
        for item in self._table.query("sha256", "sha256", sha256):
            if item["status"] == Status.QUARANTINED and not item.get("released"):
                return Verdict(MatchOutcome.MATCH, "known-hash", item.get("tracking_id"), flags_of(item))
        return None

    def settle(
        self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **attributes: object
    ) -> ScanRecord:
        """Ends the version's way. All but a clean one stays in the index `unsettled` until it is announced."""
        now = self._now()
        settled = {
            "settled_at": to_iso(now),
            "attempts": record.attempts,
            "is_test": record.is_test,
            "hold_reason": None,
        }
        if status in _EXPIRING and not record.evidence:
            settled |= {"expires_at": int(now) + self._keep, "source": None}
        if status is Status.CLEAN:
            settled |= published_attributes()
        if reason or not record.evidence:  # of a match it says how that came to be known
            settled["reason"] = reason or None
        return self._write(upload, record, status, settled | attributes, release=True)

    def mark_published(self, upload: Upload) -> None:
        """Writes that those who listen were told how it ended."""
        with suppress(ConditionFailedError):  # opened again meanwhile: then that was not the end
            self._update(upload, "REMOVE unsettled, redeliver_at, queue", "attribute_exists(settled_at)", {}, {})

    def mark_tagged(self, upload: Upload, status: Status, done: bool) -> None:
        """Writes whether a settled upload has its tag: one that has not is for somebody to look at."""
        attention = status.value if done else UNTAGGED
        expression, values = "SET needs_attention = :needs_attention", {":needs_attention": attention}
        if done and status not in _ATTENTION:
            expression, values = "REMOVE needs_attention", {}
        with suppress(ConditionFailedError):
            self._update(upload, expression, "attribute_exists(settled_at)", values, {})

    def _take(self, upload: Upload, now: float, lease: str) -> ScanRecord:
        """The conditional write of `begin`: whoever moves `lease` from absent or ended to its own has the version."""
        answer = self._update(
            upload,
            "SET #status = if_not_exists(#status, :pending), received_at = if_not_exists(received_at, :at), "
            "attempts = if_not_exists(attempts, :zero), matches = if_not_exists(matches, :none), "
            "is_test = if_not_exists(is_test, :false), sequencer = if_not_exists(sequencer, :sequencer), "
            "#source = if_not_exists(#source, :source), "
            "unsettled = :shard, redeliver_at = :overdue, queue = :queue, lease = :lease, lease_until = :until",
            "(attribute_not_exists(#status) OR #status IN (:pending, :deferred, :matched)) "
            "AND (attribute_not_exists(lease_until) OR lease_until < :now)",
            {
                ":pending": Status.PENDING.value,
                ":deferred": Status.DEFERRED.value,
                ":matched": Status.MATCHED.value,
                ":at": to_iso(now),
                ":now": int(now),
                ":until": int(now + LEASE_SECONDS),
                ":lease": lease,
                ":sequencer": upload.sequencer,
                ":source": {name: value for name, value in source_of(upload).items() if value},
                ":shard": shard(upload),
                ":overdue": int(now) + REDELIVER_AFTER_SECONDS[self._queue],
                ":queue": self._queue,
                ":zero": 0,
                ":none": [],
                ":false": False,
            },
            {"#status": "status", "#source": "source"},
        )
        return record_of(answer)

    def _reopen(self, upload: Upload, item: Mapping[str, Any]) -> None:
        """Makes a settled record pending once more, unless somebody else just did. Keeps where evidence lies."""
        known, kept = item.get("previous_matches", []), []
        if "quarantine_version" in item and len(known) < MAX_PREVIOUS_MATCHES:
            kept = [{name: item[name] for name in KEPT_ATTRIBUTES if name in item}]
        try:
            self._update(
                upload,
                "SET #status = :pending, sequencer = :new, matches = :none, is_test = :false, received_at = :at, "
                "previous_matches = list_append(if_not_exists(previous_matches, :none), :kept) "
                "REMOVE expires_at, settled_at, reason, tracking_id, matched_at, "
                + ", ".join(f"#{name}" for name in COPY_ATTRIBUTES),
                "#status = :was AND sequencer = :old",
                {
                    ":pending": Status.PENDING.value,
                    ":was": item["status"],
                    ":old": item["sequencer"],
                    ":new": max(upload.sequencer, item["sequencer"]),
                    ":none": [],
                    ":false": False,
                    ":kept": kept,
                    ":at": to_iso(self._now()),
                },
                {"#status": "status"} | {f"#{name}": name for name in COPY_ATTRIBUTES},
            )
        except ConditionFailedError:
            raise LeaseHeldError("another worker has it", until=self._now() + 5) from None

    def _write(
        self,
        upload: Upload,
        record: ScanRecord,
        status: Status,
        sets: Mapping[str, object],
        release: bool = False,
    ) -> ScanRecord:
        vanished = status is Status.GONE and record.status is Status.MATCHED
        attention = vanished or (status in _ATTENTION and not (status is Status.QUARANTINED and record.is_test))
        # A match that lies in quarantine asks for attention, whatever became of the same bytes uploaded again.
        lasting = Status.QUARANTINED.value if record.quarantined_before else None
        sets = dict(sets) | {"status": status.value, "needs_attention": status.value if attention else lasting}
        gone = [name for name, value in sets.items() if value is None] + (["lease", "lease_until"] if release else [])
        kept = {name: value for name, value in sets.items() if value is not None}
        names = {f"#{name}": name for name in [*kept, *gone, "lease"]}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        update += " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
        values = {f":{name}": value for name, value in kept.items()} | {":mine": record.lease}
        try:
            return record_of(self._update(upload, update, "#lease = :mine", values, names))
        except ConditionFailedError:
            raise LeaseHeldError("another worker took it over", until=self._now() + 5) from None

    def _update(
        self,
        upload: Upload,
        expression: str,
        condition: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        key = {"upload": upload.id, "version": upload.version}
        names = {"#status": "status"} if names is None else names
        return self._table.update(key, expression, condition, values, names)
