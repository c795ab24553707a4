"""HTTP status and body of a Match answer -> Verdict. Pure.

Only what the operation's documentation promises means something; all else is unknown, and unknown is never clean.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from photodna_guard.domain.models import MatchFlag, MatchOutcome, Verdict

MAX_QUOTA_SECONDS = 31 * 86400.0  # seconds: a monthly quota; whatever asks for more is a mistake
MAX_THROTTLE_SECONDS = 3600.0  # then it is asked again: a mistaken header must not hold everybody for a month

# What is kept of a match, so that whatever the answer holds fits into the result.
MAX_FLAGS, MAX_VIOLATIONS, MAX_TEXT_LENGTH, MAX_DISTANCE = 20, 10, 200, 10**6

_KINDS = {
    3002: MatchOutcome.BAD_PARAMETER,
    3206: MatchOutcome.NOT_AN_IMAGE,
    3208: MatchOutcome.WRONG_SIZE,
    3209: MatchOutcome.WRONG_SIZE,
}


def parse_response(http_status: int, retry_after: str | None, body: bytes, now: float) -> Verdict:
    """The meaning of one answer. `retry_after`: the header as sent; `now`: epoch seconds."""
    wait = parse_retry_after(retry_after, now)
    if http_status == 401:
        return Verdict(MatchOutcome.UNAUTHORIZED, "http-401")
    if http_status in (403, 429):
        longest = MAX_QUOTA_SECONDS if http_status == 403 else MAX_THROTTLE_SECONDS
        return Verdict(
            MatchOutcome.THROTTLED, f"http-{http_status}", retry_after=None if wait is None else min(wait, longest)
        )
    if http_status != 200:
        kind = MatchOutcome.UNAVAILABLE if http_status >= 500 else MatchOutcome.UNKNOWN
        return Verdict(kind, f"http-{http_status}", retry_after=wait)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return Verdict(MatchOutcome.UNAVAILABLE, "not-json")  # somebody in front of the service
    return _answered(answer) if isinstance(answer, dict) else Verdict(MatchOutcome.UNAVAILABLE, "not-an-object")


def parse_retry_after(retry_after: str | None, now: float) -> float | None:
    """A Retry-After header (seconds, or an HTTP date) as seconds from now; None where it says nothing usable."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        wait = _until(retry_after, now)
    return min(max(wait, 0.0), MAX_QUOTA_SECONDS) if math.isfinite(wait) else None


def _until(date: str, now: float) -> float:
    try:
        when = parsedate_to_datetime(date)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return math.nan


def _answered(answer: dict[str, Any]) -> Verdict:
    status = answer.get("Status")
    code = status.get("Code") if isinstance(status, dict) else None
    tracking_id = _text(answer.get("TrackingId"))
    if code == 3000 and answer.get("IsMatch") is True:
        return Verdict(MatchOutcome.MATCH, tracking_id=tracking_id, flags=tuple(_flags(answer.get("MatchDetails"))))
    if code == 3000 and answer.get("IsMatch") is False:
        return Verdict(MatchOutcome.NO_MATCH, tracking_id=tracking_id)
    if isinstance(code, int) and code in _KINDS:
        return Verdict(_KINDS[code], f"service-{code}", tracking_id)
    return Verdict(MatchOutcome.UNKNOWN, f"service-{code}" if isinstance(code, int) else "no-status", tracking_id)


def _flags(details: object) -> Iterator[MatchFlag]:
    """A match counts whatever its details look like: what cannot be read of them is left out."""
    flags = details.get("MatchFlags") if isinstance(details, dict) else None
    for flag in flags[:MAX_FLAGS] if isinstance(flags, list) else []:
        if isinstance(flag, dict):
            violations = flag.get("Violations")
            distance = flag.get("MatchDistance")
            yield MatchFlag(
                source=_text(flag.get("Source")) or "unknown",
                match_id=_match_id(flag.get("AdvancedInfo")),
                violations=tuple(_texts(violations)),
                distance=distance if isinstance(distance, int) and abs(distance) <= MAX_DISTANCE else None,
            )
        else:
            yield MatchFlag("unknown")


def _match_id(advanced_info: object) -> str | None:
    pairs = advanced_info if isinstance(advanced_info, list) else []
    return next((_text(p.get("Value")) for p in pairs if isinstance(p, dict) and p.get("Key") == "MatchId"), None)


def _texts(values: object) -> Iterator[str]:
    for value in values[:MAX_VIOLATIONS] if isinstance(values, list) else []:
        if text := _text(value):
            yield text


def _text(value: object) -> str | None:
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) else None
