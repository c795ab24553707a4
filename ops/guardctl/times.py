"""Times as an operator gives them: a date, a time, or how long ago."""

import re
from datetime import UTC, datetime

from ops.errors import CannotProceedError
from photodna_guard.domain.timestamps import to_iso

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> float:
    """Return the seconds of 90s, 10m, 4h or 2d. Raises CannotProceedError for anything else."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if not found or not int(found[1]):
        raise CannotProceedError(f"{text!r} is no duration. Give a number and s, m, h or d, such as 90s, 10m, 4h or 2d")
    return float(found[1]) * _UNITS[found[2]]


def parse_time(text: str, now: float) -> str:
    """Return a date, an ISO 8601 time (UTC, unless it says another zone) or an age as results store times.

    `now`: epoch seconds. Raises CannotProceedError for anything else.
    """
    if re.fullmatch(r"\d+[smhd]", text):
        return to_iso(now - parse_duration(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CannotProceedError(
            f"{text!r} is no time. Give a date (2026-05-01), a time, or an age (24h, 7d)"
        ) from None
    return to_iso((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
