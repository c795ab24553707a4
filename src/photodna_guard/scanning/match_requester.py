"""Requests to the Match API: slots for a batch, open connections before them, and one request at each slot."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from photodna_guard.domain.errors import (
    DeferrableError,
    KeyUnavailableError,
    RetryableError,
    ServiceUnreachableError,
)
from photodna_guard.domain.models import Representation
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.decisions import decide_error
from photodna_guard.scanning.outcomes import Defer, Outcome
from photodna_guard.scanning.ports.messaging import Telemetry
from photodna_guard.scanning.ports.service import MatchApi, RateLimiter
from photodna_guard.scanning.ports.storage import UploadBucket
from photodna_guard.scanning.service_health import ServiceHealth
from photodna_guard.scanning.stages import RENDITION_MEDIA_TYPE, Answered, Picture, Ready
from photodna_guard.scanning.url_health import UrlHealth

# Slots that this machine missed in a row; after them another worker may try.
MAX_MISSED_SLOTS = 3


class MatchRequester:
    """Sends each request at a slot of the shared rate, and reports its response to the rate limiter."""

    def __init__(
        self,
        rate_limiter: RateLimiter,
        match_api: MatchApi,
        upload_bucket: UploadBucket,
        telemetry: Telemetry,
        url_health: UrlHealth,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rate_limiter, self._match_api, self._upload_bucket = rate_limiter, match_api, upload_bucket
        self._telemetry, self._url_health, self._now = telemetry, url_health, now
        self._health = ServiceHealth(rate_limiter, telemetry, now)

    @property
    def avoids_urls(self) -> bool:
        """Whether URLs failed so often that the bytes are sent for a while."""
        return self._url_health.is_avoided

    def prepare(self, picture: Picture) -> Ready:
        """Sign the URL, read the bytes or take the next rendition, and add the key: nothing of that may delay the slot.

        Raises KeyUnavailableError, ObjectGoneError, UnscannableError, DeferrableError and RetryableError.
        """
        with self._reporting_no_key():
            match picture.representation:
                case Representation.URL:
                    url = self._upload_bucket.presign(picture.job.upload)
                    return Ready(picture, self._match_api.request_by_url(url))
                case Representation.BYTES:
                    content, media_type = self._read(picture), picture.media_type
                case Representation.RENDITION:
                    content, media_type = picture.unchecked[0].content, RENDITION_MEDIA_TYPE
            return Ready(picture, self._match_api.request_by_value(content, media_type))

    def with_fresh_key(self, answered: Answered) -> Ready | None:
        """Return the request with the key fetched afresh, where the service refused the key; None otherwise.

        Raises KeyUnavailableError.
        """
        if answered.verdict.kind is not MatchOutcome.UNAUTHORIZED or answered.ready.has_fresh_key:
            return None
        with self._reporting_no_key():
            request = self._match_api.with_fresh_key(answered.ready.request)
        return Ready(answered.picture, request, has_fresh_key=True) if request else None

    def reserve(self, count: int, deadline: float, *, is_continued: bool) -> list[float | Outcome]:
        """Reserve slots in one write, with open connections before them: a handshake would make a request late.

        Return a slot (epoch seconds) for each of the first requests of `count`, or the outcome without one for all. The
        others are for a further call. `is_continued`: this is a further call.
        """
        try:
            slots = self._take_slots(min(count, self._rate_limiter.batch_size), deadline, is_continued=is_continued)
        except (DeferrableError, RetryableError) as error:
            return [decide_error(error, is_match=False)] * count
        if not self._rate_limiter.is_breaker_open:
            return [*slots]
        # The slot is a probe's.
        without = Defer("the service is unavailable", is_service_unavailable=True)
        return [*slots, *[without] * (count - len(slots))]

    def send(self, ready: Ready, slot: float | None, deadline: float) -> Answered:
        """Send the request at its slot. A missed slot is given up, and another one reserved; None: reserve one.

        Raises DeferrableError where no slot is met before the deadline (epoch seconds), and RetryableError.
        """
        for _ in range(MAX_MISSED_SLOTS):
            slot = slot or self._take_slots(1, deadline, is_continued=True)[0]
            if slot > deadline:
                raise DeferrableError("no time left for an answer", slot)
            is_met = self._rate_limiter.wait_for_slot(slot)
            verdict = self._match_api.send(ready.request, self._rate_limiter.answer_timeout) if is_met else None
            if verdict:
                self._telemetry.count_request()
                if verdict.kind.reached_service:
                    self._rate_limiter.record_success()
                return self._observe(Answered(ready, ready.picture.after(verdict), verdict))
            slot = None
        raise DeferrableError("slots were missed")

    def report(self, verdict: Verdict) -> None:
        """Tell the rate limiter where the service answers nobody. Raises what ServiceHealth.report raises."""
        self._health.report(verdict)

    def _observe(self, answered: Answered) -> Answered:
        if self._url_health.observe(answered):
            self._telemetry.log_sent_by_value(answered.picture.job.upload)
        return answered

    def _read(self, picture: Picture) -> bytes:
        content = self._upload_bucket.read_object(picture.job.upload).content
        if not content.startswith(picture.head.head):
            raise RetryableError("two reads of the object differ")
        return content

    def _take_slots(self, count: int, deadline: float, *, is_continued: bool) -> list[float]:
        try:
            within, connect = deadline - self._now(), partial(self._match_api.connect, count)
            slots = self._rate_limiter.reserve(count, within, connect, is_continued=is_continued)
        except ServiceUnreachableError as unreachable:
            self._health.record_failure(str(unreachable), unreachable=True)
            raise
        if (used := self._rate_limiter.quota_used) is not None:
            self._telemetry.gauge_quota_used(used)
        return slots

    @contextmanager
    def _reporting_no_key(self) -> Iterator[None]:
        """Log that the subscription key cannot be read, and pass the error on."""
        try:
            yield
        except KeyUnavailableError:
            self._telemetry.log_key_unavailable()
            raise
