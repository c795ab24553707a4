"""What a run came to: the content of results.json, and of the report, which is made of the same."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from local.demo.rate import Rate
from local.demo.results import Result
from local.demo.upload import Uploaded


@dataclass(frozen=True)
class Outcome:
    """One uploaded version, with its verdict; `status` is "" where it has no result."""

    key: str
    kind: str
    version: str
    expected: list[str]  # any of these is right
    status: str
    reason: str
    is_test: bool
    matches: list[dict[str, Any]]
    seconds_to_verdict: float | None
    as_expected: bool


@dataclass(frozen=True)
class Run:
    """A whole run."""

    pictures: list[Outcome]
    rate: Rate
    seconds: float  # from the first upload to the last verdict
    problems: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # files of the user's that could not be uploaded

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures": [asdict(outcome) for outcome in self.pictures],
            "summary": self.summary(),
            "rate": asdict(self.rate),
            "problems": self.problems,
            "left_out": self.left_out,
        }

    def summary(self) -> dict[str, Any]:
        times = self.times()
        return {
            "pictures": len(self.pictures),
            "as_expected": sum(outcome.as_expected for outcome in self.pictures),
            "by_status": dict(Counter(outcome.status or "no verdict" for outcome in self.pictures)),
            "seconds": round(self.seconds, 2),
            "median_seconds_to_verdict": round(statistics.median(times), 3) if times else None,
            "slowest_seconds_to_verdict": max(times, default=None),
        }

    def times(self) -> list[float]:
        """The seconds to verdict of all that have one."""
        return [one.seconds_to_verdict for one in self.pictures if one.seconds_to_verdict is not None]


def make_outcome(uploaded: Uploaded, result: Result | None, faults: Sequence[str]) -> Outcome:
    """Sums up one upload. A missing result has no status, and no time."""
    values, picture = result or {}, uploaded.picture
    return Outcome(
        key=picture.key,
        kind=picture.kind,
        version=uploaded.version,
        expected=sorted(picture.expected),
        status=values.get("status", ""),
        reason=values.get("reason") or "",
        is_test=bool(values.get("is_test")),
        matches=values.get("matches") or [],
        seconds_to_verdict=_seconds_to_verdict(uploaded.at, values.get("settled_at")),
        as_expected=not faults,
    )


def _seconds_to_verdict(began: float, settled_at: str | None) -> float | None:
    if not settled_at:
        return None
    # A coarser clock than ours may put the end before the beginning.
    return round(max(0.0, datetime.fromisoformat(settled_at).timestamp() - began), 3)
