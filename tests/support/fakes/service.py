"""Fakes of the rate limiter and of the Match API."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.rate_limiter.gcra import MAX_BATCH, Standstill
from tests.support.fakes.failing import NOW, Failing


@dataclass
class FakeRateLimiter(Failing):
    reserved: list[int] = field(default_factory=list)
    missed: int = 0  # so many slots are to be missed
    pauses: list[float] = field(default_factory=list)
    arrived: int = 0
    failures: int = 0
    away_after: int = 10  # failures
    away: bool = False  # then it gives one slot at a time
    answer_timeout: float = math.inf
    quota_used: float | None = None
    in_burst: bool = False
    standing: Standstill | None = None
    batch_size: int = MAX_BATCH
    # Whether each reservation was for a batch that was begun.
    continued: list[bool] = field(default_factory=list)

    @property
    def is_breaker_open(self) -> bool:
        return self.away

    def finds_burst(self) -> bool:
        self.call("finds_burst")
        return self.in_burst

    def standstill(self) -> Standstill | None:
        self.call("standstill")
        return self.standing

    def check_quota(self, new: bool) -> None:
        if (self.quota_used or 0) >= 1 and not new:
            raise DeferrableError("the monthly quota is used up")

    def reserve(
        self,
        count: int,
        within: float = math.inf,
        ready: Callable[[], None] = lambda: None,
        *,
        is_continued: bool = False,
    ) -> list[float]:
        self.call("reserve")
        self.continued.append(is_continued)
        ready()
        count = 1 if self.away else count
        self.reserved.append(count)
        return [NOW + i for i in range(1, count + 1)]

    def record_success(self) -> None:
        self.away, self.failures = False, 0

    def record_failure(self, unreachable: bool = False) -> bool:
        self.failures += 1
        self.away |= self.failures >= self.away_after
        return self.away

    def record_unauthorized(self) -> None:
        self.away = True

    def wait_for_slot(self, slot: float) -> bool:
        self.missed -= 1
        self.arrived += self.missed < 0
        return self.missed < 0

    def pause(self, until: float) -> None:
        self.call("pause")
        self.pauses.append(until)


@dataclass
class FakeMatchApi(Failing):
    """A request is the text that describes it: "url ...", "value ...", with "fresh " before it for a fresh key."""

    # One for each request; after them the truth.
    answers: list[Verdict] = field(default_factory=list)
    truth: Verdict = field(default_factory=lambda: Verdict(MatchOutcome.NO_MATCH, tracking_id="T-1"))
    # The truth for requests by URL, where it is another one.
    truth_by_url: Verdict | None = None
    sent: list[str] = field(default_factory=list)
    # So many requests find no connection.
    disconnected: int = 0
    # The key fetched afresh is the refused one.
    same_key: bool = False
    # Seconds that the caller waits for each response.
    timeouts: list[float] = field(default_factory=list)

    def request_by_url(self, url: str) -> str:
        self.call("request_by_url")
        return f"url {url.partition('?')[0]}"

    def request_by_value(self, picture: bytes, media_type: str) -> str:
        self.call("request_by_value")
        return f"value {media_type} {len(picture)}"

    def with_fresh_key(self, request: object) -> str | None:
        self.call("with_fresh_key")
        return None if self.same_key else f"fresh {request}"

    def connect(self, count: int) -> None:
        self.call("connect")

    def send(self, request: object, within: float = math.inf) -> Verdict | None:
        self.call("send")
        self.timeouts.append(within)
        if self.disconnected:
            self.disconnected -= 1
            return None
        self.sent.append(str(request))
        if self.answers:
            return self.answers.pop(0)
        return self.truth_by_url if self.truth_by_url and "url " in str(request) else self.truth
