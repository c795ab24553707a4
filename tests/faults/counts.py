"""How much the fault tests tried: points, schedules, faults by kind, and calls."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.calls import Calls
from tests.support.template import ROOT

FOLDER = ROOT / "build/faults"


@dataclass
class Counts:
    """The counts of one module. `points` and `schedules` are by what was tried, `seeds` those of the schedules."""

    points: Counter[str] = field(default_factory=Counter)
    schedules: Counter[str] = field(default_factory=Counter)
    seeds: set[str] = field(default_factory=set)

    def as_json(self, calls: Calls) -> dict[str, Any]:
        """Return the content of the module's file."""
        return {
            "points": dict(self.points),
            "schedules": dict(self.schedules),
            "seeds": dict.fromkeys(self.seeds, 1),
            "faults": dict(calls.injected),
            "calls": dict(sorted(calls.seen.items())),
        }


def in_words(counted: list[dict[str, Any]]) -> list[str]:
    """Return a few lines for the end of a test run."""
    sums: dict[str, Counter[str]] = {}
    for one in counted:
        for name, numbers in one.items():
            sums.setdefault(name, Counter()).update(numbers)
    points, schedules, faults, calls = (sums.get(n, Counter()) for n in ("points", "schedules", "faults", "calls"))
    seeds = " and ".join(sums.get("seeds", ())) or "none"
    return [
        f"{points.total()} points on {len(points)} paths, {schedules.total()} random schedules (FAULT_SEED {seeds}), "
        f"{calls.total()} calls of {len(calls)} operations",
        f"{faults.total()} faults: " + ", ".join(f"{kind} {count}" for kind, count in faults.most_common()),
    ]
