"""The HTTP status and body of a Match response -> a verdict. Pure.

Only what the operation's documentation promises has a meaning. Anything else is unknown, and unknown is never clean.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict

# The quota is monthly: a longer wait is a mistake of the service.
MAX_QUOTA_SECONDS = 31 * 86400.0
# A mistaken Retry-After must not stop all workers for a month, so a request is sent again after an hour.
MAX_THROTTLE_SECONDS = 3600.0

# Limits of what is stored of a match, so that any response fits into an item of the results table.
MAX_FLAGS, MAX_VIOLATIONS, MAX_TEXT_LENGTH, MAX_DISTANCE = 20, 10, 200, 10**6

# The operation's status codes.
_STATUS_OK = 3000
_OUTCOMES = {
    3002: MatchOutcome.BAD_PARAMETER,
    3206: MatchOutcome.NOT_AN_IMAGE,
    3208: MatchOutcome.WRONG_SIZE,
    3209: MatchOutcome.WRONG_SIZE,
}


def parse_response(http_status: int, retry_after: str | None, body: bytes, now: float) -> Verdict:
    """Return the verdict of a response. `retry_after`: the header as sent; `now`: epoch seconds. Raises nothing."""
    if http_status != 200:
        return _parse_refusal(http_status, parse_retry_after(retry_after, now))
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # A proxy in front of the service has answered.
        return Verdict(MatchOutcome.UNAVAILABLE, "not-json")
    return _parse_answer(answer) if isinstance(answer, dict) else Verdict(MatchOutcome.UNAVAILABLE, "not-an-object")


def _parse_refusal(http_status: int, wait: float | None) -> Verdict:
    reason = f"http-{http_status}"
    if http_status == 401:
        return Verdict(MatchOutcome.UNAUTHORIZED, reason)
    if http_status == 429 or (http_status == 403 and wait is not None):
        longest = MAX_QUOTA_SECONDS if http_status == 403 else MAX_THROTTLE_SECONDS
        return Verdict(MatchOutcome.THROTTLED, reason, retry_after=None if wait is None else min(wait, longest))
    # The operation itself responds with 200 only, and a used-up quota says until when.
    outcome = MatchOutcome.UNAVAILABLE if http_status >= 500 else MatchOutcome.REJECTED
    return Verdict(outcome, reason, retry_after=wait)


def parse_retry_after(retry_after: str | None, now: float) -> float | None:
    """Return a Retry-After header (seconds, or an HTTP date) as seconds from now; None if it is unusable."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        wait = _seconds_until(retry_after, now)
    return min(max(wait, 0.0), MAX_QUOTA_SECONDS) if math.isfinite(wait) else None


def _seconds_until(http_date: str, now: float) -> float:
    """Return the seconds until a date; NaN if it is none."""
    try:
        date = parsedate_to_datetime(http_date)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return math.nan


def _parse_answer(answer: dict[str, Any]) -> Verdict:
    status = answer.get("Status")
    code = status.get("Code") if isinstance(status, dict) else None
    tracking_id = _text(answer.get("TrackingId"))
    if code == _STATUS_OK and answer.get("IsMatch") is True:
        flags = tuple(_iter_flags(answer.get("MatchDetails")))
        return Verdict(MatchOutcome.MATCH, tracking_id=tracking_id, flags=flags)
    if code == _STATUS_OK and answer.get("IsMatch") is False:
        return Verdict(MatchOutcome.NO_MATCH, tracking_id=tracking_id)
    if not isinstance(code, int):
        return Verdict(MatchOutcome.REJECTED, "no-status", tracking_id)
    return Verdict(_OUTCOMES.get(code, MatchOutcome.UNKNOWN), f"service-{code}", tracking_id)


def _iter_flags(details: object) -> Iterator[MatchFlag]:
    """Yield the sources' matches. Unreadable details are left out: the match counts without them."""
    flags = details.get("MatchFlags") if isinstance(details, dict) else None
    for flag in flags[:MAX_FLAGS] if isinstance(flags, list) else []:
        yield _parse_flag(flag) if isinstance(flag, dict) else MatchFlag("unknown")


def _parse_flag(flag: dict[str, Any]) -> MatchFlag:
    distance = flag.get("MatchDistance")
    return MatchFlag(
        source=_text(flag.get("Source")) or "unknown",
        match_id=_find_match_id(flag.get("AdvancedInfo")),
        violations=tuple(_iter_texts(flag.get("Violations"))),
        distance=distance if isinstance(distance, int) and abs(distance) <= MAX_DISTANCE else None,
    )


def _find_match_id(advanced_info: object) -> str | None:
    pairs = advanced_info if isinstance(advanced_info, list) else []
    return next((_text(p.get("Value")) for p in pairs if isinstance(p, dict) and p.get("Key") == "MatchId"), None)


def _iter_texts(values: object) -> Iterator[str]:
    for value in values[:MAX_VIOLATIONS] if isinstance(values, list) else []:
        if text := _text(value):
            yield text


def _text(value: object) -> str | None:
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) else None
