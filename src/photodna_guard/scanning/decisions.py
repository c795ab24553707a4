"""What follows from a verdict, from an error, and from an object's triage. Pure."""

from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DecryptionRefusedError,
    DeferrableError,
    GuardError,
    LeaseHeldError,
    ObjectGoneError,
    ObjectNotFoundError,
    RetryableError,
    ServiceUnavailableError,
    SlotUnavailableError,
    UnscannableError,
)
from photodna_guard.domain.models import Representation, ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.imaging.triage import Disposition, Triage
from photodna_guard.scanning.outcomes import (
    Defer,
    Hold,
    NotFound,
    Outcome,
    Quarantine,
    Redeliver,
    Requeue,
    Retry,
    Settle,
)
from photodna_guard.scanning.stages import Picture

STANDSTILL_DELAY_SECONDS = 5.0
# With the back-off between them that is five to eleven minutes. KMS needs less than five for a changed policy.
MAX_DECRYPTION_ATTEMPTS = 7
# Seconds that everything pauses where a 429 does not say how long.
DEFAULT_PAUSE_SECONDS = 1.0


def decide(verdict: Verdict, picture: Picture, now: float) -> Outcome:
    """Return what becomes of a picture with this verdict on the last request. `now`: epoch seconds."""
    match verdict.kind:
        case MatchOutcome.NO_MATCH:
            return decide_no_match(picture, verdict.tracking_id)
        case MatchOutcome.MATCH:
            frame = {"matched_frame": picture.unchecked[0].frame} if picture.unchecked else {}
            seen = picture.describe() | frame | {"size": picture.head.size}
            return Quarantine(verdict, is_untagged=not picture.head.tags, seen=seen)
        case MatchOutcome.WRONG_SIZE | MatchOutcome.NOT_AN_IMAGE | MatchOutcome.BAD_PARAMETER:
            return Settle(Status.UNSCANNABLE, verdict.reason, verdict.tracking_id, picture.describe())
        case MatchOutcome.THROTTLED:
            return Defer(verdict.reason, now + pause_seconds(verdict), is_service_unavailable=True)
        case MatchOutcome.UNAUTHORIZED:
            return Defer(verdict.reason, is_service_unavailable=True)
        case MatchOutcome.UNAVAILABLE | MatchOutcome.UNKNOWN | MatchOutcome.REJECTED:
            return Retry(verdict.reason, verdict.retry_after)


def decide_no_match(picture: Picture, tracking_id: str | None = None) -> Outcome:
    """Return what becomes of a picture whose renditions all have no match, or that was sent as it is."""
    if picture.rendition_set and picture.rendition_set.inconclusive:
        reason = picture.rendition_set.inconclusive
        return Settle(Status.UNSCANNABLE, reason, tracking_id, picture.describe())
    return Settle(Status.CLEAN, "", tracking_id, picture.describe())


def pause_seconds(verdict: Verdict) -> float:
    """Return for how long a throttled verdict pauses all requests."""
    return DEFAULT_PAUSE_SECONDS if verdict.retry_after is None else verdict.retry_after


def redelivery_time(job: ScanJob, outcome: Defer, now: float) -> float:
    """Return the epoch seconds from which a deferred job is delivered again.

    SQS keeps a delayed message back, even where an operator ends the pause. So a job that only waits for the service is
    delivered soon, and then put back into its queue untouched (put_back.py).
    """
    if outcome.is_service_unavailable and job.hash_checked:
        return min(outcome.until, now + STANDSTILL_DELAY_SECONDS)
    return outcome.until


def decide_triage(triage: Triage) -> Outcome | None:
    """Return what becomes of an object without any request; None for what may be a picture."""
    match triage.way:
        case Disposition.NOT_AN_IMAGE:
            return Settle(Status.SKIPPED, triage.reason)
        case Disposition.UNSCANNABLE:
            return Settle(Status.UNSCANNABLE, triage.reason)
        case Disposition.BY_URL | Disposition.BY_VALUE | Disposition.RENDITION:
            return None


def allows_url(triage: Triage, job: ScanJob, default: Representation) -> bool:
    """Return whether the service may fetch the picture. Without a version id nothing pins a URL to the bytes.

    `default`: the stack's choice.
    """
    is_pinned = job.upload.version_id is not None
    return is_pinned and triage.way is Disposition.BY_URL and default is not Representation.RENDITION


def choose_representation(triage: Triage, job: ScanJob, default: Representation, avoid_urls: bool) -> Representation:
    """Return what the service gets of a picture. A job that fell back does not go back to a URL."""
    if triage.way is Disposition.RENDITION or Representation.RENDITION in (default, job.representation):
        return Representation.RENDITION
    if allows_url(triage, job, default) and not avoid_urls:
        return job.representation
    return Representation.BYTES


def decide_error(error: Exception, is_match: bool) -> Outcome:
    """Return what becomes of a job whose step raised this error.

    `is_match`: a match is recorded. It stays one, whatever happened to its source, and is tried for ever.
    """
    match error:
        case ObjectNotFoundError():
            return NotFound(str(error))
        case ObjectGoneError():
            return Settle(Status.GONE, str(error))
        case UnscannableError():
            return Retry(str(error)) if is_match else Settle(Status.UNSCANNABLE, str(error))
        case AwaitingOperatorError():
            return Hold(str(error), error.until)
        case LeaseHeldError():
            return Requeue(error.until)
        case DeferrableError():
            is_slot_awaited = isinstance(error, SlotUnavailableError)
            return Defer(str(error), error.until, isinstance(error, ServiceUnavailableError), is_slot_awaited)
        case DecryptionRefusedError():
            return Retry(str(error), max_attempts=MAX_DECRYPTION_ATTEMPTS)
        case RetryableError():
            return Retry(str(error), error.retry_after)
        case GuardError():
            return Redeliver(str(error))
        case _:
            return Redeliver(_place_of(error))


def _place_of(error: Exception) -> str:
    """Return an unforeseen error's class and line, without its text, which may hold a URL."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"unforeseen {type(error).__name__}{place}"
