"""Ports of the scanner: the rate limiter and the Match operation."""

from collections.abc import Callable
from typing import Protocol

from photodna_guard.domain.verdicts import Verdict
from photodna_guard.rate_limiter.gcra import Standstill


class RateLimiter(Protocol):
    """The rate that all functions share. Times are epoch seconds of this machine's clock."""

    @property
    def answer_timeout(self) -> float:
        """Seconds after which a response is not waited for."""

    @property
    def quota_used(self) -> float | None:
        """The used part of the month's quota, as last seen; None where there is no quota."""

    def finds_burst(self) -> bool:
        """Return whether fresh uploads come so fast that a queue's worker uses the rate better than this function."""
        ...

    def standstill(self) -> Standstill | None:
        """Return that the service answers nobody; None where requests are sent."""

    def check_quota(self, new: bool) -> None:
        """Raise DeferrableError where the quota is used up and what asks is not a new upload."""

    @property
    def batch_size(self) -> int:
        """The most slots to reserve at once."""

    @property
    def is_breaker_open(self) -> bool:
        """Whether the circuit breaker is open, as last seen."""

    def reserve(self, count: int, within: float, ready: Callable[[], None], *, is_continued: bool) -> list[float]:
        """Reserve up to `count` slots in one write, as many as lie within so many seconds; one while it is open.

        `ready` is called before the write. `is_continued`: for the batch whose first slots were reserved last. Raises
        DeferrableError where no slot is near enough.
        """

    def wait_for_slot(self, slot: float) -> bool:
        """Wait for the slot. Return False where it was missed."""

    def pause(self, until: float) -> None:
        """Pause all requests of all functions."""

    def record_success(self) -> None:
        """Close the circuit breaker."""

    def record_failure(self, unreachable: bool) -> bool:
        """Count a failure. Return whether the circuit breaker is open."""

    def record_unauthorized(self) -> None:
        """Open the circuit breaker at once."""


class MatchApi(Protocol):
    """The Match operation. A request is the implementation's own value; its methods raise KeyUnavailableError."""

    def request_by_url(self, url: str) -> object:
        """Return a request that names the picture's URL."""

    def request_by_value(self, picture: bytes, media_type: str) -> object:
        """Return a request that carries the picture."""

    def with_fresh_key(self, request: object) -> object | None:
        """Return the request with the key fetched afresh; None where the key is still the same."""

    def connect(self, count: int) -> None:
        """Open connections for `count` requests. Raises ServiceUnreachableError where none can be opened."""

    def send(self, request: object, within: float) -> Verdict | None:
        """Send the request now. Return None where the connection failed it; its slot is used all the same."""
