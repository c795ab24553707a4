"""The feeder: lists a bucket for a backfill, and keeps about a minute's work in the backfill queue.

    while jobs run: room in the queue? -> the next versions -> their results -> send what the job selects -> save

So a bucket of any size needs neither a long queue nor memory, and a pause or a cancellation acts at the next step. A
step that was sent and not saved is sent again: a result that is there by then is left alone, and one that is not there
has a worker, which asks the service once (results_table.py).
"""

import math
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from photodna_guard.domain.backfill_job import BackfillJob, BackfillProgress
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Upload
from photodna_guard.domain.version_listing import Cursor, ListedVersion
from photodna_guard.scanning.ports.backfill import BackfillJobs, ResultsOf, VersionsOf
from photodna_guard.scanning.ports.messaging import RetryQueue, Telemetry

# The messages that the queue is to hold are those of so many seconds at the full rate.
QUEUED_SECONDS = 60.0
# Between two looks at a queue without room.
WAIT_SECONDS = 5.0
# The versions of a step: as many results as DynamoDB gives at once.
STEP = 100
_SPARE_SECONDS = 15.0


@dataclass(slots=True)
class _Listed:
    """The versions of the page at which a job stands, and where the next page begins."""

    job: str
    cursor: Cursor
    versions: deque[ListedVersion]
    following: Cursor | None


class Feeder:
    """Feeds the backfill queue. Raises DeferrableError and RetryableError: the next run goes on."""

    def __init__(
        self,
        jobs: BackfillJobs,
        versions_of: VersionsOf,
        results_of: ResultsOf,
        queue: RetryQueue,
        telemetry: Telemetry,
        rate: float,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`rate`: requests a second; `now`: epoch seconds."""
        self._jobs, self._versions_of, self._results_of = jobs, versions_of, results_of
        self._queue, self.telemetry, self._now, self._sleep = queue, telemetry, now, sleep
        self._most = max(1, round(rate * QUEUED_SECONDS))
        self._page: _Listed | None = None

    def run(self, seconds: float = math.inf) -> None:
        """Feed until no job runs, or the time is over. `seconds`: for how long the function may still run.

        A job that fails, such as one whose bucket is gone, leaves the rest of the run to the others. Then it raises.
        """
        ends = self._now() + seconds - _SPARE_SECONDS
        self._page, failed = None, dict[str, Exception]()
        while self._now() < ends and (running := self._find_running(failed)):
            room = self._most - self._queue.count_messages()
            if room > 0:
                job, progress = min(running, key=lambda one: one[1].fed)
                try:
                    self._feed(job, progress, room)
                except (DeferrableError, RetryableError) as error:
                    failed[job.id] = error
            elif self._now() + WAIT_SECONDS < ends:
                self._sleep(WAIT_SECONDS)
            else:
                break
        if failed:
            raise next(iter(failed.values()))

    def _find_running(self, but: Collection[str]) -> list[tuple[BackfillJob, BackfillProgress]]:
        return [one for one in self._jobs.find_running() if one[0].id not in but]

    def _feed(self, job: BackfillJob, progress: BackfillProgress, room: int) -> None:
        """Take one step of a job: at most STEP versions, of which at most `room` are sent."""
        page = self._read_page(job, progress)
        if not page.versions:
            self._jobs.save(job, progress.end(self._now()))
            return
        step = [page.versions[place] for place in range(min(STEP, len(page.versions)))]
        results = self._results_of(version.upload for version in step)
        taken, chosen = 0, list[Upload]()
        for version in step:
            is_chosen = job.selects(version, results.get(version.upload.record_key))
            if is_chosen and len(chosen) == room:
                break
            taken += 1
            if is_chosen:
                chosen.append(version.upload)
        self._queue.send_all([job.make_message(upload) for upload in chosen])
        after = progress.after(step[taken - 1], taken, len(chosen), self._now())
        is_mine = self._jobs.save(job, after)
        self._page = self._rest_of(page, after, taken) if is_mine else None

    def _read_page(self, job: BackfillJob, progress: BackfillProgress) -> _Listed:
        """Return the page behind the progress, from memory where this run has read it. It is empty at the end."""
        page = self._page
        if page is None or (page.job, page.cursor) != (job.id, progress.cursor):
            page = self._list(job, progress.cursor)
        # A page may hold delete markers alone.
        while not page.versions and page.following:
            page = self._list(job, page.following)
        return page

    def _list(self, job: BackfillJob, cursor: Cursor) -> _Listed:
        found = self._versions_of(job.bucket, job.prefix).read_page(cursor)
        return _Listed(job.id, cursor, deque(found.versions), found.following)

    def _rest_of(self, page: _Listed, after: BackfillProgress, taken: int) -> _Listed:
        for _ in range(taken):
            page.versions.popleft()
        page.cursor = after.cursor
        return page
