"""The reconciliation: find uploads that have no record, because their event was lost, and have them scanned.

S3 lists versions by key and not by time. So each run lists the next pages behind a cursor, and pass follows pass:

    pass 1  began B1 ---- looks at what was uploaded until GRACE before it comes by
    pass 2         began B2 ---- looks at what was uploaded since B1 - GRACE: pass 1 may have come by too early

A version is looked up in one pass or two, whatever the bucket holds.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from photodna_guard.domain.errors import DeferrableError, LeaseHeldError, RetryableError
from photodna_guard.domain.models import ScanJob, Upload
from photodna_guard.domain.version_listing import ListedVersion, ListingPage, ListingPass
from photodna_guard.scanning.ports.listing import ListingJob, VersionListing
from photodna_guard.scanning.ports.messaging import RetryQueue, Telemetry
from photodna_guard.scanning.ports.storage import ResultLookup, ResultsTable

# An event may be in Lambda's own queue for six hours. After seven its upload has a record, or it is lost.
GRACE_SECONDS = 7 * 3600.0
# A pass begins so long after the one before began at the earliest.
PASS_SECONDS = 6 * 3600.0
# The first pass looks back so far. What is older is the backfill's.
FIRST_PASS_SECONDS = 86400.0
# S3 dates an upload in parts by its beginning. The bucket's lifecycle ends such uploads after so many days.
MULTIPART_DAYS = 7
# The schedule's interval. What is found in it is no more than the rate works off.
INTERVAL_SECONDS = 300
_SPARE_SECONDS = 60.0
_REASON = "no notification"


class Reconciliation:
    """The reconcilers of all buckets, in one run."""

    def __init__(
        self, reconcilers: Sequence["Reconciler"], telemetry: Telemetry, now: Callable[[], float] = time.time
    ) -> None:
        """`now`: epoch seconds."""
        self._reconcilers, self.telemetry, self._now = reconcilers, telemetry, now

    def run(self, seconds: float = math.inf) -> None:
        """Look at the next part of each bucket, in each run from another one on, within `seconds`.

        A bucket that cannot be listed keeps no other from its turn. Raises DeferrableError or RetryableError after all.
        """
        ends, failure = self._now() + seconds, None
        first = int(self._now() // INTERVAL_SECONDS) % len(self._reconcilers)
        for reconciler in (*self._reconcilers[first:], *self._reconcilers[:first]):
            if ends - self._now() < _SPARE_SECONDS / 2:
                break
            try:
                reconciler.run(ends - self._now())
            except (DeferrableError, RetryableError) as error:
                failure = error
        if failure:
            raise failure


class Reconciler:
    """Compares a bucket with the results table. Raises DeferrableError and RetryableError: the next run goes on."""

    def __init__(
        self,
        listing: VersionListing,
        job: ListingJob,
        lookup: ResultLookup,
        results: ResultsTable,
        queue: RetryQueue,
        telemetry: Telemetry,
        pages: int,
        rate: float,
        clean_result_days: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`pages`: of a run; `rate`: requests a second; `clean_result_days`: for how long a record stays."""
        self._listing, self._job, self._lookup, self._results = listing, job, lookup, results
        self._queue, self._telemetry, self._pages, self._now = queue, telemetry, pages, now
        self._bound, self._record_seconds = round(rate * INTERVAL_SECONDS), clean_result_days * 86400

    def run(self, seconds: float = math.inf) -> None:
        """List the next pages, and send what is missing. A page that was not saved is listed again.

        `seconds`: for how long the function may still run.
        """
        began = self._now()
        current = self._job.read()
        if current.is_complete:
            if began < current.began + PASS_SECONDS:
                return
            current = current.begin_next(began)
        sent = 0
        for _ in range(self._pages):
            page = self._listing.read_page(current.cursor)
            sent += sum(self._send(upload) for upload in self._find_missing(page, current))
            current = current.after(page)
            is_over = sent >= self._bound or self._now() > began + seconds - _SPARE_SECONDS
            if not self._job.save(current) or current.is_complete or is_over:
                break

    def _find_missing(self, page: ListingPage, current: ListingPass) -> list[Upload]:
        uploads = [one.upload for one in page.versions if self._is_due(one, current)]
        known = self._lookup.find_known(uploads)
        return [upload for upload in uploads if upload.record_key not in known]

    def _is_due(self, version: ListedVersion, current: ListingPass) -> bool:
        """Return whether this pass is to look a version up."""
        since = (current.previous_began or current.began - FIRST_PASS_SECONDS) - GRACE_SECONDS
        since -= MULTIPART_DAYS * 86400 if version.is_multipart else 0
        # The record of an older one may have expired.
        since = max(since, self._now() - self._record_seconds)
        return since <= version.modified <= self._now() - GRACE_SECONDS

    def _send(self, upload: Upload) -> bool:
        """Make the upload's record, and send its message. Return False where a worker has it meanwhile.

        With the record the sweep redelivers what a crash leaves behind, and the next pass finds the upload known.
        """
        job = ScanJob(upload)
        with suppress(LeaseHeldError):
            record = self._results.claim(job)
            if not record.status.settled:
                self._results.defer(upload, record, _REASON, 0)
                self._queue.send(job, 0)
                self._telemetry.log_lost_notification(upload)
                return True
        return False
