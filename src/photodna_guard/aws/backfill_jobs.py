"""The backfill jobs in the operations table, and their progress in the rate limiter's.

Only operators write the operations table, since it holds their journal.
"""

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.backfill_job import (
    PARTITION,
    BackfillJob,
    BackfillProgress,
    JobState,
    parse_job,
    parse_progress,
    progress_key,
)

# feeder A   reads revision 7 ---- sends a step ---- saves revision 8
# feeder B          reads revision 7 ---- sends the same step ---------- saves revision 8: refused
_UNCHANGED = "attribute_not_exists(#revision) OR #revision = :known"


class BackfillJobs:
    """The jobs. Methods raise DeferrableError or RetryableError."""

    def __init__(self, operations: Table, rate_limiter_table: Table) -> None:
        self._operations, self._progress = operations, rate_limiter_table

    def find_running(self) -> list[tuple[BackfillJob, BackfillProgress]]:
        """Return the jobs that run and are not complete, with their progress."""
        jobs = map(parse_job, self._operations.query_partition("partition", PARTITION))
        running = [job for job in jobs if job.state is JobState.RUNNING]
        found = [(job, parse_progress(self._progress.read(progress_key(job.id)))) for job in running]
        return [(job, progress) for job, progress in found if not progress.is_complete]

    def save(self, job: BackfillJob, progress: BackfillProgress) -> bool:
        """Save the progress after a step. Return False where another feeder took that step."""
        values: dict[str, object] = {
            "key_marker": progress.cursor.key,
            "version_marker": progress.cursor.version,
            "listed": progress.listed,
            "sent": progress.sent,
            "is_complete": progress.is_complete,
            "fed": int(progress.fed),
            "revision": progress.revision,
        }
        changes = ", ".join(f"#{name} = :{name}" for name in values)
        placed = {f":{name}": value for name, value in values.items()} | {":known": progress.revision - 1}
        names = {f"#{name}": name for name in values}
        try:
            self._progress.update(progress_key(job.id), f"SET {changes}", _UNCHANGED, placed, names)
        except ConditionFailedError:
            return False
        return True
