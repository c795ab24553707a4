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
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from guard.aws.result_item import EVIDENCE, MOST_EARLIER, asked_anew, iso, record_of
from guard.aws.table import Refused, Table
from guard.errors import Held
from guard.model import Copy, Delivery, ScanRecord, Status, Upload, Verdict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_SECONDS = 160.0  # longer than the longest a function runs, so that a lease only ends for the dead

# Statuses that somebody should look at: the sparse index's partition key.
_ATTENTION = (Status.DEFERRED, Status.MATCHED, Status.QUARANTINED, Status.UNSCANNABLE, Status.FAILED)
_EXPIRING = (Status.CLEAN, Status.SKIPPED, Status.GONE)


class Ledger:
    """The results table. Its methods raise Held where another worker has the version, else Busy and TryAgain."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clean_result_days: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._table, self._keep, self._now = Table(client, table), clean_result_days * 86400, now

    def begin(self, delivery: Delivery) -> ScanRecord:
        """Makes the record, or takes it up; one call. What is settled is returned as it is, without a lease."""
        now, lease = self._now(), uuid.uuid4().hex
        try:
            return self._take(delivery.upload, now, lease)
        except Refused as refused:
            item = refused.item
        if item.get("lease") == lease:  # the first answer was lost on its way, and the call made again
            return record_of(item)
        if not Status(item["status"]).settled:
            raise Held("another worker has it", until=float(item["lease_until"]))
        if not asked_anew(delivery, item):
            return record_of(item)
        self._reopen(delivery.upload, item)
        try:
            return self._take(delivery.upload, now, lease)
        except Refused:
            raise Held("another worker has it", until=now + 5) from None

    def matched(self, upload: Upload, record: ScanRecord, verdict: Verdict, quarantine_key: str) -> None:
        """Writes the intent of the move, before anything is moved."""
        found = {
            "tracking_id": verdict.tracking_id,
            "is_test": verdict.is_test,
            "quarantine_key": quarantine_key,
        }
        matches = [asdict(flag) | {"violations": list(flag.violations)} for flag in verdict.flags]
        attempts = record.attempts
        self._write(upload, record, Status.MATCHED, found | {"matches": matches, "attempts": attempts})

    def copied(self, upload: Upload, record: ScanRecord, copy: Copy) -> None:
        """Writes that a verified copy is under lock: from here on the source may go."""
        kept = {"quarantine_version": copy.version_id, "sha256": copy.sha256, "is_test": record.is_test}
        self._write(upload, record, Status.MATCHED, kept)

    def defer(self, upload: Upload, record: ScanRecord, reason: str) -> None:
        """Gives the lease back: a message will lead here again. A match stays MATCHED."""
        status = Status.MATCHED if record.status is Status.MATCHED else Status.DEFERRED
        self._write(upload, record, status, {"reason": reason, "attempts": record.attempts}, release=True)

    def settle(self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **more: object) -> None:
        """Ends the version's way."""
        now = self._now()
        settled = {"settled_at": iso(now), "attempts": record.attempts, "is_test": record.is_test}
        if status in _EXPIRING and not record.evidence:
            settled["expires_at"] = int(now) + self._keep
        self._write(upload, record, status, settled | {"reason": reason or None} | more, release=True)

    def _take(self, upload: Upload, now: float, lease: str) -> ScanRecord:
        """The conditional write of `begin`: whoever moves `lease` from absent or ended to its own has the version."""
        answer = self._update(
            upload,
            "SET #status = if_not_exists(#status, :pending), received_at = if_not_exists(received_at, :at), "
            "attempts = if_not_exists(attempts, :zero), matches = if_not_exists(matches, :none), "
            "is_test = if_not_exists(is_test, :false), sequencer = if_not_exists(sequencer, :sequencer), "
            "lease = :lease, lease_until = :until",
            "(attribute_not_exists(#status) OR #status IN (:pending, :deferred, :matched)) "
            "AND (attribute_not_exists(lease_until) OR lease_until < :now)",
            {
                ":pending": Status.PENDING.value,
                ":deferred": Status.DEFERRED.value,
                ":matched": Status.MATCHED.value,
                ":at": iso(now),
                ":now": int(now),
                ":until": int(now + LEASE_SECONDS),
                ":lease": lease,
                ":sequencer": upload.sequencer,
                ":zero": 0,
                ":none": [],
                ":false": False,
            },
        )
        return record_of(answer)

    def _reopen(self, upload: Upload, item: Mapping[str, Any]) -> None:
        """Makes a settled record pending once more, unless somebody else just did. Keeps where evidence lies."""
        known, kept = item.get("earlier", []), []
        if "quarantine_version" in item and len(known) < MOST_EARLIER:
            kept = [{name: item[name] for name in EVIDENCE if name in item}]
        try:
            self._update(
                upload,
                "SET #status = :pending, sequencer = :new, matches = :none, is_test = :false, received_at = :at, "
                "earlier = list_append(if_not_exists(earlier, :none), :kept) "
                "REMOVE expires_at, settled_at, reason, tracking_id, quarantine_version, sha256",
                "#status = :was AND sequencer = :old",
                {
                    ":pending": Status.PENDING.value,
                    ":was": item["status"],
                    ":old": item["sequencer"],
                    ":new": max(upload.sequencer, item["sequencer"]),
                    ":none": [],
                    ":false": False,
                    ":kept": kept,
                    ":at": iso(self._now()),
                },
            )
        except Refused:
            raise Held("another worker has it", until=self._now() + 5) from None

    def _write(
        self,
        upload: Upload,
        record: ScanRecord,
        status: Status,
        sets: Mapping[str, object],
        release: bool = False,
    ) -> None:
        vanished = status is Status.GONE and record.status is Status.MATCHED
        attention = vanished or (status in _ATTENTION and not (status is Status.QUARANTINED and record.is_test))
        # A match that lies in quarantine asks for attention, whatever became of the same bytes uploaded again.
        lasting = Status.QUARANTINED.value if record.quarantined_before else None
        sets = dict(sets) | {"status": status.value, "attention": status.value if attention else lasting}
        gone = [name for name, value in sets.items() if value is None] + (["lease", "lease_until"] if release else [])
        kept = {name: value for name, value in sets.items() if value is not None}
        names = {f"#{name}": name for name in [*kept, *gone, "lease"]}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        update += " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
        values = {f":{name}": value for name, value in kept.items()} | {":mine": record.lease}
        try:
            self._update(upload, update, "#lease = :mine", values, names)
        except Refused:
            raise Held("another worker took it over", until=self._now() + 5) from None

    def _update(
        self,
        upload: Upload,
        expression: str,
        condition: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        key = {"upload": upload.id, "version": upload.version}
        return self._table.update(key, expression, condition, values, names or {"#status": "status"})
