"""Counts of settled results, in as little memory for ten as for a hundred million of them. Pure."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# The service was asked, or the same bytes were known: what it said is the result.
_VERDICTS = ("CLEAN", "QUARANTINED")


@dataclass
class Tally:
    """How many results have which status, reason, source and time to the verdict."""

    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    test_matches: int = 0
    # By the seconds, rounded to two digits.
    seconds: Counter[float] = field(default_factory=Counter)

    @classmethod
    def of(cls, items: Iterable[dict[str, Any]]) -> "Tally":
        """Count these results."""
        tally = cls()
        for item in items:
            tally._count(item)
        return tally

    def _count(self, item: dict[str, Any]) -> None:
        status = str(item["status"])
        self.statuses[status] += 1
        if item.get("reason"):
            self.reasons[status, str(item["reason"])] += 1
        if status in _VERDICTS:
            self.seconds[_round(_seconds_between(item["received_at"], item["settled_at"]))] += 1
        if status == "QUARANTINED" and item.get("is_test"):
            self.test_matches += 1
        elif status == "QUARANTINED":
            self.sources.update({str(match["source"]) for match in item.get("matches", [])})

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.statuses += other.statuses
        self.reasons += other.reasons
        self.sources += other.sources
        self.seconds += other.seconds
        self.test_matches += other.test_matches

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON has them, the largest first."""
        return {
            "settled": self.statuses.total(),
            "got_a_verdict": sum(self.statuses[status] for status in _VERDICTS),
            "matches": self.statuses["QUARANTINED"] - self.test_matches,
            "test_matches": self.test_matches,
            "by_status": dict(self.statuses.most_common()),
            "by_reason": {f"{status}/{reason}": count for (status, reason), count in self.reasons.most_common()},
            "matches_by_source": dict(self.sources.most_common()),
            "seconds_to_verdict": {"p50": self.percentile(0.5), "p99": self.percentile(0.99)},
        }

    def percentile(self, share: float) -> float | None:
        """Return the seconds within which that share of the verdicts came; None without a verdict."""
        missing = math.ceil(share * self.seconds.total())
        for seconds, count in sorted(self.seconds.items()):
            missing -= count
            if missing <= 0:
                return seconds
        return None


def _seconds_between(first: object, last: object) -> float:
    return (datetime.fromisoformat(str(last)) - datetime.fromisoformat(str(first))).total_seconds()


def _round(seconds: float) -> float:
    return float(f"{max(0.0, seconds):.2g}")
