"""What a response of the Match operation means: frozen values, without I/O."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class MatchFlag:
    """One source's match, in the form of the results table."""

    # "Test" for the service's own sample pictures.
    source: str
    # The source's own id and codes.
    match_id: str | None = None
    violations: tuple[str, ...] = ()
    # Between the two hashes: smaller is closer.
    distance: int | None = None


class MatchOutcome(StrEnum):
    """What a response of the Match operation means for the picture that was sent."""

    NO_MATCH = "no-match"
    MATCH = "match"
    NOT_AN_IMAGE = "service-3206"
    BAD_PARAMETER = "service-3002"
    WRONG_SIZE = "service-3208"
    THROTTLED = "throttled"
    UNAUTHORIZED = "unauthorized"
    # The service itself did not respond: its servers fail, or the connection broke.
    UNAVAILABLE = "unavailable"
    # Something responded, and not the operation: the endpoint or the subscription is wrong. For a URL: or the service
    # cannot fetch it.
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def reached_service(self) -> bool:
        """Whether the service processed the request."""
        return self not in _OF_THE_GATEWAY


_OF_THE_GATEWAY = (
    MatchOutcome.THROTTLED,
    MatchOutcome.UNAUTHORIZED,
    MatchOutcome.UNAVAILABLE,
    MatchOutcome.REJECTED,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One interpreted response of the Match operation."""

    kind: MatchOutcome
    # Such as "http-429". Empty if the service itself reported a match or no match.
    reason: str = ""
    tracking_id: str | None = None
    flags: tuple[MatchFlag, ...] = ()
    # The wait that the service asked for, if it did.
    retry_after: float | None = None  # seconds

    @property
    def is_test(self) -> bool:
        """Whether only the service's own sample pictures matched. Such a match is a test and no incident."""
        return bool(self.flags) and all(flag.source == "Test" for flag in self.flags)
