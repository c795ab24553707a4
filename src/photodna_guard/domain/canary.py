"""The canary: a picture of the service's own sample set, and what came of sending it. Frozen values, without I/O."""

from dataclasses import dataclass
from enum import StrEnum

# DynamoDB takes items of 400 KB.
MAX_SAMPLE_BYTES = 350_000


class SampleName(StrEnum):
    """The samples of a stack, by their ids in the operations table."""

    # Sent on schedule.
    SCHEDULED = "sample"
    # Sent once, for guardctl doctor.
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture of the sample set, in a type that the service takes as it is."""

    picture: bytes
    media_type: str


class CanaryOutcome(StrEnum):
    """What came of sending the sample."""

    # A match whose only source is Test: the whole way works.
    TEST = "test"
    # The service answered otherwise, refused the key, or something else than the operation answered.
    FAILED = "failed"
    # Nothing was asked, or nobody answered: a pause, the circuit breaker, no slot, an outage. No fault of the canary.
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class CanaryRun:
    """One run. `reason` is empty where the sample came back as Test."""

    outcome: CanaryOutcome
    reason: str = ""
    tracking_id: str | None = None
