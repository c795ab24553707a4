"""A backfill: which versions of a bucket are to be checked, and how far the feeder has come. Pure.

An operator writes the job and its state (guardctl backfill). The feeder writes the progress, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from photodna_guard.domain.models import NULL_VERSION, ScanJob, Status, Upload
from photodna_guard.domain.version_listing import Cursor, ListedVersion

# The operations table's partition of the jobs.
PARTITION = "backfill"
# A listed version is there, so that these results say nothing of what it shows.
_WITHOUT_VERDICT = (Status.GONE, Status.FAILED)
# Why a version could not be scanned then, and may be scanned now.
PASSING_REASONS = ("archived", "kms-key")
_REOPENABLE = (Status.CLEAN, Status.SKIPPED, Status.UNSCANNABLE, Status.GONE, Status.FAILED)


class JobState(StrEnum):
    """What the operator wants of a job."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class KnownResult:
    """What the results table has of a version."""

    status: Status
    reason: str = ""
    settled_at: str = ""  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """What is to be checked: what has no verdict; or results of a status and reason; or what was settled by a time."""

    id: str
    bucket: str
    state: JobState
    began: str  # ISO 8601, UTC
    prefix: str = ""
    current_only: bool = False
    status: Status | None = None
    reason: str = ""
    settled_until: str = ""  # ISO 8601, UTC

    @property
    def reopens(self) -> bool:
        """Whether results with a verdict are checked again."""
        return bool(self.status or self.settled_until)

    def selects(self, version: ListedVersion, known: KnownResult | None) -> bool:
        """Return whether a version is to be sent. `known`: its result, or None.

        What waits already, and a match, never is. By age a version without a result is: clean results expire.
        """
        if self.current_only and not version.is_latest:
            return False
        if known is None:
            return self.status is None
        if not self.reopens:
            may_have_passed = known.status is Status.UNSCANNABLE and known.reason in PASSING_REASONS
            return known.status in _WITHOUT_VERDICT or may_have_passed
        is_old = not self.settled_until or known.settled_at <= self.settled_until
        is_meant = self.status in (None, known.status) and self.reason in ("", known.reason)
        return known.status in _REOPENABLE and is_meant and is_old

    def make_message(self, upload: Upload) -> ScanJob:
        """Return the scan job of a version. Delivered twice, it opens no result that is newer than the backfill."""
        return ScanJob(upload, rescan=True, reopen_settled_until=self.began if self.reopens else "")


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """How far the listing has come: the last version that was dealt with, and the counts so far."""

    cursor: Cursor = field(default_factory=Cursor)
    listed: int = 0
    sent: int = 0
    is_complete: bool = False
    # Epoch seconds of the last step; jobs take turns by it.
    fed: float = 0.0
    # Counts the steps. Two feeders cannot both take one.
    revision: int = 0

    def after(self, last: ListedVersion, listed: int, sent: int, now: float) -> "BackfillProgress":
        """Return the progress once everything up to a version is dealt with."""
        cursor = Cursor(last.upload.key, last.upload.version_id or NULL_VERSION)
        return replace(
            self,
            cursor=cursor,
            listed=self.listed + listed,
            sent=self.sent + sent,
            fed=now,
            revision=self.revision + 1,
        )

    def end(self, now: float) -> "BackfillProgress":
        """Return the progress at the end of the bucket."""
        return replace(self, is_complete=True, fed=now, revision=self.revision + 1)


def parse_job(item: Mapping[str, Any]) -> BackfillJob:
    """Return a job's item in the operations table as a job."""
    return BackfillJob(
        id=str(item["id"]),
        bucket=str(item["bucket"]),
        state=JobState(item["state"]),
        began=str(item["began"]),
        prefix=str(item.get("prefix", "")),
        current_only=bool(item.get("current_only", False)),
        status=Status(item["status"]) if item.get("status") else None,
        reason=str(item.get("only_reason", "")),
        settled_until=str(item.get("settled_until", "")),
    )


def progress_key(job_id: str) -> dict[str, str]:
    """Return the key of a job's progress in the rate limiter's table, which functions may write."""
    return {"limiter": f"backfill-{job_id}"}


def parse_progress(item: Mapping[str, Any]) -> BackfillProgress:
    """Return a job's progress; that of the beginning where there is no item yet."""
    if not item:
        return BackfillProgress()
    return BackfillProgress(
        Cursor(str(item["key_marker"]), str(item["version_marker"])),
        int(item["listed"]),
        int(item["sent"]),
        bool(item["is_complete"]),
        float(item["fed"]),
        int(item["revision"]),
    )
