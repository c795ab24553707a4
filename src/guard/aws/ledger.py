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
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from guard.aws.faults import calling, code
from guard.errors import Held
from guard.model import Copy, Delivery, ScanRecord, Status, Upload, Verdict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_SECONDS = 160.0  # longer than the longest a function runs, so that a lease only ends for the dead

# Statuses that somebody should look at: the sparse index's partition key.
_ATTENTION = (Status.DEFERRED, Status.MATCHED, Status.QUARANTINED, Status.UNSCANNABLE, Status.FAILED)
_EVIDENCE = ("quarantine_key", "quarantine_version", "sha256", "matches", "is_test", "tracking_id", "settled_at")
_EXPIRING = (Status.CLEAN, Status.SKIPPED, Status.GONE)

_to_item, _from_item = TypeSerializer().serialize, TypeDeserializer().deserialize


class Ledger:
    """The results table. Its methods raise Held where another worker has the version, else Busy and TryAgain."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clean_result_days: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client, self._table, self._keep, self._now = client, table, clean_result_days * 86400, now

    def begin(self, delivery: Delivery) -> ScanRecord:
        """Makes the record, or takes it up; one call. What is settled is returned as it is, without a lease."""
        now, lease = self._now(), uuid.uuid4().hex
        try:
            return self._take(delivery.upload, now, lease)
        except _Refused as refused:
            item = refused.item
        if not Status(item["status"]).settled:
            raise Held("another worker has it", until=float(item["lease_until"]))
        if not _asked_anew(delivery, item):
            return _record(item)
        self._reopen(delivery.upload, item)
        try:
            return self._take(delivery.upload, now, lease)
        except _Refused:
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
        settled = {"settled_at": _iso(now), "attempts": record.attempts, "is_test": record.is_test}
        if status in _EXPIRING and not record.evidence:
            settled["expires_at"] = int(now) + self._keep
        self._write(upload, record, status, settled | {"reason": reason or None} | more, release=True)

    def _take(self, upload: Upload, now: float, lease: str) -> ScanRecord:
        """The conditional write of `begin`: whoever moves `lease` from absent or ended to its own has the version."""
        answer = self._update(
            upload,
            update="SET #status = if_not_exists(#status, :pending), received_at = if_not_exists(received_at, :at), "
            "attempts = if_not_exists(attempts, :zero), matches = if_not_exists(matches, :none), "
            "is_test = if_not_exists(is_test, :false), sequencer = if_not_exists(sequencer, :sequencer), "
            "lease = :lease, lease_until = :until",
            condition="(attribute_not_exists(#status) OR #status IN (:pending, :deferred, :matched)) "
            "AND (attribute_not_exists(lease_until) OR lease_until < :now)",
            values={
                ":pending": Status.PENDING.value,
                ":deferred": Status.DEFERRED.value,
                ":matched": Status.MATCHED.value,
                ":at": _iso(now),
                ":now": int(now),
                ":until": int(now + LEASE_SECONDS),
                ":lease": lease,
                ":sequencer": upload.sequencer,
                ":zero": 0,
                ":none": [],
                ":false": False,
            },
        )
        return _record(answer)

    def _reopen(self, upload: Upload, item: Mapping[str, Any]) -> None:
        """Makes a settled record pending once more, unless somebody else just did. Keeps where evidence lies."""
        kept = {name: item[name] for name in _EVIDENCE if name in item} if "quarantine_version" in item else None
        try:
            self._update(
                upload,
                update="SET #status = :pending, sequencer = :new, matches = :none, is_test = :false, "
                "earlier = list_append(if_not_exists(earlier, :none), :kept) "
                "REMOVE attention, expires_at, settled_at, reason, tracking_id, quarantine_version, sha256",
                condition="#status = :was AND sequencer = :old",
                values={
                    ":pending": Status.PENDING.value,
                    ":was": item["status"],
                    ":old": item["sequencer"],
                    ":new": max(upload.sequencer, item["sequencer"]),
                    ":none": [],
                    ":false": False,
                    ":kept": [kept] if kept else [],
                },
            )
        except _Refused:
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
        sets = dict(sets) | {"status": status.value, "attention": status.value if attention else None}
        gone = [name for name, value in sets.items() if value is None] + (["lease", "lease_until"] if release else [])
        kept = {name: value for name, value in sets.items() if value is not None}
        names = {f"#{name}": name for name in [*kept, *gone, "lease"]}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        update += " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
        values = {f":{name}": value for name, value in kept.items()} | {":mine": record.lease}
        try:
            self._update(upload, update, "#lease = :mine", values, names)
        except _Refused:
            raise Held("another worker took it over", until=self._now() + 5) from None

    def _update(
        self,
        upload: Upload,
        update: str,
        condition: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        with calling("dynamodb:UpdateItem"):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key={"upload": {"S": upload.id}, "version": {"S": upload.version}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names or {"#status": "status"},
                    ExpressionAttributeValues={name: _to_item(value) for name, value in values.items()},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                found: Any = error.response.get("Item", {})
                raise _Refused(_plain(found)) from None
        return _plain(answer["Attributes"])


class _Refused(Exception):
    """The condition did not hold; `item` is what stands there."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__()
        self.item = item


def _asked_anew(delivery: Delivery, item: Mapping[str, Any]) -> bool:
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


def _record(item: Mapping[str, Any]) -> ScanRecord:
    copy = Copy(item["quarantine_version"], item["sha256"]) if "quarantine_version" in item else None
    return ScanRecord(
        status=Status(item["status"]),
        lease=item.get("lease", ""),
        attempts=int(item["attempts"]),
        is_test=item["is_test"],
        copy=copy,
        evidence=bool(item["matches"] or item.get("earlier")),
        received=datetime.fromisoformat(item["received_at"]).timestamp(),
    )


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_item(value) for name, value in item.items()}


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
