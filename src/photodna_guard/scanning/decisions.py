"""What follows from a verdict, from an error, and from an object's head. Pure."""

from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DeferrableError,
    GuardError,
    LeaseHeldError,
    ObjectGoneError,
    RetryableError,
    ServiceUnavailableError,
    UnscannableError,
)
from photodna_guard.domain.models import MatchOutcome, ObjectHead, Status, Verdict
from photodna_guard.imaging.triage import Disposition, Triage
from photodna_guard.scanning.outcomes import (
    Defer,
    Hold,
    Outcome,
    Quarantine,
    Redeliver,
    Requeue,
    Retry,
    Settle,
)

# Seconds that everything pauses where the service does not say how long.
DEFAULT_PAUSE_SECONDS = {"http-403": 300.0, "http-429": 1.0}


def decide(verdict: Verdict, head: ObjectHead, now: float) -> Outcome:
    """Return what becomes of a picture with this verdict. `now`: epoch seconds."""
    match verdict.kind:
        case MatchOutcome.NO_MATCH:
            return Settle(Status.CLEAN, tracking_id=verdict.tracking_id)
        case MatchOutcome.MATCH:
            return Quarantine(verdict, is_untagged=not head.tags)
        case MatchOutcome.WRONG_SIZE | MatchOutcome.NOT_AN_IMAGE | MatchOutcome.BAD_PARAMETER:
            return Settle(Status.UNSCANNABLE, verdict.reason, verdict.tracking_id)
        case MatchOutcome.THROTTLED:
            return Defer(verdict.reason, now + pause_seconds(verdict), is_service_unavailable=True)
        case MatchOutcome.UNAUTHORIZED:
            return Defer(verdict.reason, is_service_unavailable=True)
        case MatchOutcome.UNAVAILABLE | MatchOutcome.UNKNOWN:
            return Retry(verdict.reason, verdict.retry_after)


def pause_seconds(verdict: Verdict) -> float:
    """Return for how long a throttled verdict pauses all requests."""
    return DEFAULT_PAUSE_SECONDS[verdict.reason] if verdict.retry_after is None else verdict.retry_after


def decide_triage(triage: Triage) -> Outcome | None:
    """Return what becomes of an object without any request; None for a picture that the service takes."""
    match triage.way:
        case Disposition.NOT_AN_IMAGE:
            return Settle(Status.SKIPPED, triage.reason)
        case Disposition.RENDITION:
            # No rendition is made yet: a picture that the service does not take as it is cannot be scanned.
            return Settle(Status.UNSCANNABLE, triage.reason)
        case Disposition.BY_URL:
            return None


def decide_error(error: Exception, is_match: bool) -> Outcome:
    """Return what becomes of a job whose step raised this error.

    `is_match`: a match is recorded. It stays one, whatever happened to its source, and is tried for ever.
    """
    match error:
        case ObjectGoneError():
            return Settle(Status.GONE, str(error))
        case UnscannableError():
            return Retry(str(error)) if is_match else Settle(Status.UNSCANNABLE, str(error))
        case AwaitingOperatorError():
            return Hold(str(error))
        case LeaseHeldError():
            return Requeue(error.until)
        case DeferrableError():
            return Defer(str(error), error.until, isinstance(error, ServiceUnavailableError))
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
