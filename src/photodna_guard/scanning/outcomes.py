"""The outcomes: what becomes of a scan job after a step. Frozen values, applied in one place (outcome_handler.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from photodna_guard.domain.models import Status
from photodna_guard.domain.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Settle:
    """The record gets its final status."""

    status: Status
    reason: str = ""
    tracking_id: str | None = None
    # The record's attributes that say what was looked at.
    seen: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Complete:
    """The record is settled: its status tag is set and its event published, as far as neither was done before."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The upload is a match. The match is recorded, and the quarantine workflow begins."""

    verdict: Verdict
    # The object had no tags a moment ago: its status tag can be set without reading them first.
    is_untagged: bool = False
    # The record's attributes that say what was looked at.
    seen: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResumeQuarantine:
    """The match is recorded. The quarantine workflow goes on from where the last run stopped."""


@dataclass(frozen=True, slots=True)
class Defer:
    """The job waits in its queue; no failed attempt is counted."""

    reason: str
    # Epoch seconds from which on another try is worth it; 0: unknown.
    until: float = 0.0
    # The service answers no request at the moment: the known hashes are the fallback.
    is_service_unavailable: bool = False
    # Nothing is wrong but that no slot was near: a worker of the queue waits for one inside its function.
    is_slot_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt failed. The job backs off, and is given up once its back-off exceeds the limit."""

    reason: str
    # Seconds that the other side asked for.
    retry_after: float | None = None
    # The failed attempts with which the upload is UNSCANNABLE for this reason; None: it is retried for days.
    max_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """S3 does not find the version: it waits while it is young, and is GONE then."""

    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Retrying is over: the job goes to the dead-letter queue, and the record becomes FAILED."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The match waits for the operator (observe mode, deletion limit, its size). The sweep resumes it."""

    reason: str
    # Epoch seconds from which on another try is worth it; 0: at once.
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Requeue:
    """Another worker holds the lease: the job returns to its queue, and its record is left alone."""

    # Epoch seconds at which that lease ends.
    until: float


@dataclass(frozen=True, slots=True)
class Redeliver:
    """The job is neither settled nor queued again: Lambda or SQS must deliver it once more."""

    reason: str


Outcome = (
    Settle | NotFound | Complete | Quarantine | ResumeQuarantine | Defer | Retry | GiveUp | Hold | Requeue | Redeliver
)
# An error while one of these is applied leaves the job to Lambda or SQS, which deliver it again.
WAITING = (Defer, Retry, GiveUp, Hold, Requeue)
