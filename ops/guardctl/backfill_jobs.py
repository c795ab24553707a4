"""Backfill jobs as operators start and steer them. The feeder (scanning/feeder.py) does the work."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.backfill_estimate import Estimate
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.domain.backfill_job import (
    PARTITION,
    BackfillJob,
    BackfillProgress,
    JobState,
    parse_job,
    parse_progress,
    progress_key,
)
from photodna_guard.domain.timestamps import to_iso

Item = dict[str, Any]


@dataclass(frozen=True)
class FoundJob:
    """A job, who began it and why, and how far it has come."""

    item: Item
    job: BackfillJob
    progress: BackfillProgress

    @property
    def state(self) -> str:
        """The state that a person is told."""
        if self.progress.is_complete and self.job.state is not JobState.CANCELLED:
            return "done"
        return self.job.state.value

    @property
    def versions(self) -> int:
        """The versions that were counted before it began, all of them if `is_whole`."""
        return int(self.item["versions"])

    @property
    def is_whole(self) -> bool:
        """Whether all versions were counted."""
        return bool(self.item["is_whole"])

    def seconds_left(self, rate: float) -> float | None:
        """Return how long the counted versions that are not listed yet take at most; None at its end."""
        return max(0, self.versions - self.progress.listed) / rate if self.is_open else None

    @property
    def is_open(self) -> bool:
        """Whether it has something to do, now or when it is resumed."""
        return self.state in (JobState.RUNNING, JobState.PAUSED)


class BackfillJobs:
    """The jobs in the operations table. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target) -> None:
        client = target.client("dynamodb")
        self._table = OperatedTable(client, target.stack.output("OperationsTableName"))
        self._progress = OperatedTable(client, target.stack.output("RateLimiterTableName"))
        self._who, self._now = target.who, target.now

    def start(self, selection: Item, reason: str, counted: Estimate) -> FoundJob:
        """Start a job. `selection`: its bucket, prefix and filters, by the names of parse_job."""
        began = to_iso(self._now())
        item = {key: value for key, value in selection.items() if value} | {
            "partition": PARTITION,
            "id": f"{began}#{uuid4().hex[:8]}",
            "state": JobState.RUNNING.value,
            "began": began,
            "by": self._who,
            "why": reason,
            "versions": counted.versions,
            "is_whole": counted.is_whole,
        }
        self._table.put(item, "attribute_not_exists(id)")
        return FoundJob(item, parse_job(item), BackfillProgress())

    def list_open(self) -> list[FoundJob]:
        """Return the jobs that have something to do, the newest first."""
        return [one for one in self.list_newest() if one.is_open]

    def list_newest(self) -> list[FoundJob]:
        """Return all jobs, the newest first."""
        return [self._found(item) for item in self._table.query("partition", PARTITION, newest=True)]

    def find(self, job_id: str | None) -> FoundJob:
        """Return the named job, or the only open one. Raises CannotProceedError."""
        found = [one for one in self.list_newest() if (one.job.id == job_id if job_id else one.is_open)]
        if len(found) == 1:
            return found[0]
        if found:
            raise CannotProceedError("Several backfills are open. Name one by its id (guardctl backfill status)")
        raise CannotProceedError(f"There is no backfill {job_id}" if job_id else "No backfill is open")

    def set_state(self, found: FoundJob, state: JobState) -> None:
        """Change what is wanted of a job. Raises CannotProceedError where it has changed since it was read."""
        item = found.item | {"state": state.value, "changed_by": self._who, "changed_at": to_iso(self._now())}
        try:
            self._table.put(item, "#state = :seen", {":seen": found.job.state.value}, {"#state": "state"})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise CannotProceedError(
                "The backfill has changed meanwhile. Look at it (guardctl backfill status)"
            ) from None

    def _found(self, item: Item) -> FoundJob:
        job = parse_job(item)
        return FoundJob(item, job, parse_progress(self._progress.read(**progress_key(job.id))))
