"""HTTP status and body of a Match answer -> Verdict. Pure.

Only what the operation's documentation promises means something; all else is unknown, and unknown is never clean.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from photodna_guard.domain.models import Kind, MatchFlag, Verdict

LONGEST_QUOTA = 31 * 86400.0  # seconds: a monthly quota; whatever asks for more is a mistake
LONGEST_THROTTLE = 3600.0  # then it is asked again: a mistaken header must not hold everybody for a month

# What is kept of a match, so that whatever the answer holds fits into the result.
MOST_FLAGS, MOST_VIOLATIONS, LONGEST_TEXT, LARGEST_DISTANCE = 20, 10, 200, 10**6

_KINDS = {
    3002: Kind.BAD_PARAMETER,
    3206: Kind.NOT_VERIFIED,
    3208: Kind.WRONG_SIZE,
    3209: Kind.WRONG_SIZE,
}


def read(http_status: int, retry_after: str | None, body: bytes, now: float) -> Verdict:
    """The meaning of one answer. `retry_after`: the header as sent; `now`: epoch seconds."""
    wait = seconds(retry_after, now)
    if http_status == 401:
        return Verdict(Kind.KEY_REFUSED, "http-401")
    if http_status in (403, 429):
        longest = LONGEST_QUOTA if http_status == 403 else LONGEST_THROTTLE
        return Verdict(Kind.THROTTLED, f"http-{http_status}", retry_after=None if wait is None else min(wait, longest))
    if http_status != 200:
        kind = Kind.AWAY if http_status >= 500 else Kind.UNKNOWN
        return Verdict(kind, f"http-{http_status}", retry_after=wait)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return Verdict(Kind.AWAY, "not-json")  # somebody in front of the service
    return _answered(answer) if isinstance(answer, dict) else Verdict(Kind.AWAY, "not-an-object")


def seconds(retry_after: str | None, now: float) -> float | None:
    """A Retry-After header (seconds, or an HTTP date) as seconds from now; None where it says nothing usable."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        wait = _until(retry_after, now)
    return min(max(wait, 0.0), LONGEST_QUOTA) if math.isfinite(wait) else None


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
        return Verdict(Kind.MATCH, tracking_id=tracking_id, flags=tuple(_flags(answer.get("MatchDetails"))))
    if code == 3000 and answer.get("IsMatch") is False:
        return Verdict(Kind.NO_MATCH, tracking_id=tracking_id)
    if isinstance(code, int) and code in _KINDS:
        return Verdict(_KINDS[code], f"service-{code}", tracking_id)
    return Verdict(Kind.UNKNOWN, f"service-{code}" if isinstance(code, int) else "no-status", tracking_id)


def _flags(details: object) -> Iterator[MatchFlag]:
    """A match counts whatever its details look like: what cannot be read of them is left out."""
    flags = details.get("MatchFlags") if isinstance(details, dict) else None
    for flag in flags[:MOST_FLAGS] if isinstance(flags, list) else []:
        if isinstance(flag, dict):
            violations = flag.get("Violations")
            distance = flag.get("MatchDistance")
            yield MatchFlag(
                source=_text(flag.get("Source")) or "unknown",
                match_id=_match_id(flag.get("AdvancedInfo")),
                violations=tuple(_texts(violations)),
                distance=distance if isinstance(distance, int) and abs(distance) <= LARGEST_DISTANCE else None,
            )
        else:
            yield MatchFlag("unknown")


def _match_id(advanced_info: object) -> str | None:
    pairs = advanced_info if isinstance(advanced_info, list) else []
    return next((_text(p.get("Value")) for p in pairs if isinstance(p, dict) and p.get("Key") == "MatchId"), None)


def _texts(values: object) -> Iterator[str]:
    for value in values[:MOST_VIOLATIONS] if isinstance(values, list) else []:
        if text := _text(value):
            yield text


def _text(value: object) -> str | None:
    return value[:LONGEST_TEXT] if isinstance(value, str) else None
