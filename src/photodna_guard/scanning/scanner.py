"""The way of an upload: claim, read the head and triage, reserve slots, match, apply the outcome.

    claim    the record exists from here on; a settled one ends here
    triage   what nobody left out: from the head by URL, by value, to be rendered, or no request and why
    render   the whole object, where the head does not suffice: renditions, or no picture
    prepare  the presigned URL, the bytes or a rendition, with the subscription key
    reserve  slots of the shared rate, for the whole batch in one write
    match    one request at its slot (one for each rendition) -> verdict -> outcome
    apply    settle and tag, quarantine, defer, retry, hold, requeue

Each step returns what it found; outcome_handler.py applies the outcomes.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from typing import Any

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Representation, ScanJob, Status
from photodna_guard.domain.renditions import NotAPicture
from photodna_guard.imaging.triage import HEAD_BYTES, triage
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from photodna_guard.scanning.decisions import (
    allows_url,
    choose_representation,
    decide,
    decide_error,
    decide_no_match,
    decide_triage,
)
from photodna_guard.scanning.known_hash import KnownHashFallback
from photodna_guard.scanning.match_requester import MatchRequester
from photodna_guard.scanning.object_renderer import ObjectRenderer
from photodna_guard.scanning.outcome_handler import OutcomeHandler
from photodna_guard.scanning.outcomes import Complete, Outcome, ResumeQuarantine, Settle
from photodna_guard.scanning.ports.service import RateLimiter
from photodna_guard.scanning.ports.storage import ResultsTable, ScanRules, UploadBucket
from photodna_guard.scanning.stages import Answered, Claimed, Ended, Picture, Ready, Received, Stage, end

# Seconds that a response may take at worst: 30 for its head, and its body. No request leaves with fewer left.
MAX_RESPONSE_SECONDS = 65.0
# Seconds that a rendition may take at worst, with the download. None begins with fewer left.
RENDER_SECONDS = 30.0


class Scanner:
    """Takes scan jobs from their delivery to their outcome."""

    def __init__(
        self,
        results: ResultsTable,
        upload_bucket: UploadBucket,
        rate_limiter: RateLimiter,
        requester: MatchRequester,
        object_renderer: ObjectRenderer,
        known_hash: KnownHashFallback,
        outcomes: OutcomeHandler,
        rules: ScanRules,
        representation: Representation = Representation.URL,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`representation`: what the service gets of pictures that it takes as they are; `now`: epoch seconds."""
        self._results, self._upload_bucket, self._rate_limiter = results, upload_bucket, rate_limiter
        self._requester, self._object_renderer, self._known_hash = requester, object_renderer, known_hash
        self._outcomes, self._rules, self._representation, self._now = outcomes, rules, representation, now

    def scan(self, jobs: Sequence[ScanJob], seconds: float = math.inf) -> list[bool]:
        """Scan the jobs in batches. Return for each whether it is done with; one that is not must be redelivered.

        `seconds`: for how long the function may still run. A job that does not fit is deferred.
        """
        deadline = self._now() + seconds - MAX_RESPONSE_SECONDS
        done: list[bool] = []
        for first in range(0, len(jobs), MAX_BATCH):
            batch = jobs[first : first + MAX_BATCH]
            with _side_by_side(len(batch)) as run:
                prepared = list(run(self._prepare, batch, repeat(deadline)))
                ready = [one for one in prepared if isinstance(one, Ready)]
                matched = iter(self._match_all(run, ready, deadline))
            done += [next(matched) if isinstance(one, Ready) else one for one in prepared]
        return done

    def _match_all(self, run: Callable[..., Iterator[bool]], ready: Sequence[Ready], deadline: float) -> list[bool]:
        """Send each request, and return whether its job is done with. Some wait while slots are reserved for others."""
        groups: list[Iterator[bool]] = []
        while ready:
            slots = self._requester.reserve(len(ready), deadline, is_continued=bool(groups))
            groups.append(run(self._match, ready[: len(slots)], slots, repeat(deadline)))
            ready = ready[len(slots) :]
        return [is_done for group in groups for is_done in group]

    def _prepare(self, job: ScanJob, deadline: float) -> Ready | bool:
        """Claim, triage and prepare the request; or apply the outcome, and return whether the job is done with."""
        stage: Stage = Received(job)
        try:
            stage = claimed = self._claim(job)
            if isinstance(claimed, Ended):
                return self._outcomes.apply(claimed, _end_of_run(deadline))
            stage = picture = self._triage(claimed)
            if isinstance(picture, Ended):
                return self._outcomes.apply(picture, _end_of_run(deadline))
            following = self._prepare_request(picture, deadline)
        except Exception as error:  # noqa: BLE001 - one upload's unforeseen error must not end its batch
            following = decide_error(error, is_match=False)
        return following if isinstance(following, Ready) else self._finish(stage, following, deadline)

    def _claim(self, job: ScanJob) -> Claimed | Ended:
        record = self._results.claim(job)
        # Once is enough: if the job comes back, its record is settled by what it found.
        job = replace(job, rescan=False)
        if record.status.settled:
            return Ended(job, record, Complete())
        if record.status is Status.MATCHED:
            return Ended(job, record, ResumeQuarantine())
        return Claimed(job, record)

    def _triage(self, claimed: Claimed) -> Picture | Ended:
        """One ranged GET. What no request is sent for, no one else sees: an unproved head is read twice."""
        job = claimed.job
        if reason := self._rules.find_reason_to_skip(job.upload):
            return end(claimed, Settle(Status.SKIPPED, reason))
        self._rate_limiter.check_quota(new=job.failed_attempts == 0)
        head = self._upload_bucket.read_head(job.upload, HEAD_BYTES)
        found = triage(head)
        if outcome := decide_triage(found):
            if not head.proved and self._upload_bucket.read_head(job.upload, HEAD_BYTES) != head:
                raise RetryableError("two reads of the object's head differ")
            return end(claimed, outcome)
        by_url = allows_url(found, job, self._representation)
        representation = choose_representation(found, job, self._representation, self._requester.avoids_urls)
        return Picture(job, claimed.record, head, representation, found.media_type, by_url)

    def _prepare_request(self, picture: Picture, deadline: float) -> Ready | Outcome:
        """Return the request for what the service gets next; the outcome where there is nothing to ask it."""
        if picture.representation is not Representation.RENDITION:
            return self._requester.prepare(picture)
        if picture.rendition_set is None:
            if self._now() + RENDER_SECONDS > deadline:
                raise DeferrableError("no time left for a rendition")
            found = self._object_renderer.render(picture.job.upload, picture.head)
            if isinstance(found, NotAPicture):
                return Settle(Status.SKIPPED, found.reason)
            picture = replace(picture, rendition_set=found)
        return self._requester.prepare(picture) if picture.unchecked else decide_no_match(picture)

    def _match(self, ready: Ready, slot: float | Outcome, deadline: float) -> bool:
        """Send the request at its slot, and what the verdict asks for after it; apply the outcome."""
        picture = ready.picture
        if not isinstance(slot, float):
            return self._finish(picture, slot, deadline)
        try:
            answered = self._requester.send(ready, slot, deadline)
            picture = answered.picture
            while isinstance(following := self._follow(answered, deadline), Ready):
                answered = self._requester.send(following, None, deadline)
                picture = answered.picture
            self._requester.report(answered.verdict)
            outcome = following or decide(answered.verdict, picture, self._now())
        except Exception as error:  # noqa: BLE001 - one upload's unforeseen error must not end its batch
            outcome = decide_error(error, is_match=False)
        return self._finish(picture, outcome, deadline)

    def _follow(self, answered: Answered, deadline: float) -> Ready | Outcome | None:
        """Return the request that follows an answer at once, or the outcome; None where the verdict decides."""
        if answered.needs_request:
            return self._prepare_request(answered.picture, deadline)
        return self._requester.with_fresh_key(answered)

    def _finish(self, stage: Stage, outcome: Outcome, deadline: float) -> bool:
        ended = self._known_hash.apply(stage, outcome) if isinstance(stage, Picture) else end(stage, outcome)
        return self._outcomes.apply(ended, _end_of_run(deadline))


def _end_of_run(deadline: float) -> float:
    """Return when the function's run is over: what asks the service nothing may use all of it."""
    return deadline + MAX_RESPONSE_SECONDS


@contextmanager
def _side_by_side(count: int) -> Iterator[Callable[..., Any]]:
    """Provide a `map` that runs a batch in threads, so that a slow response keeps no other upload from its slot."""
    if count == 1:
        yield map
        return
    with ThreadPoolExecutor(max_workers=count) as pool:
        yield pool.map
