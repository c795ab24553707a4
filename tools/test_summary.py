"""Add up the JUnit reports of several pytest runs: `python -m tools.test_summary build/tests`."""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_COUNTED = ("tests", "failures", "errors", "skipped")


def add_up(reports: Iterable[Path]) -> Counter[str]:
    """Return the sums of the reports' counts; "seconds" is the time that the runs took one after the other."""
    sums: Counter[str] = Counter()
    for report in reports:
        # pytest wrote these files in this build.
        for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314
            sums.update({name: int(suite.get(name, "0")) for name in _COUNTED})
            sums["seconds"] += round(float(suite.get("time", "0")))
    return sums


def summary(sums: Counter[str], runs: int) -> str:
    """Return one line in pytest's words."""
    failed = sums["failures"] + sums["errors"]
    passed = sums["tests"] - failed - sums["skipped"]
    counts = [(failed, "failed"), (passed, "passed"), (sums["skipped"], "skipped")]
    listed = ", ".join(f"{count} {name}" for count, name in counts if count)
    minutes, seconds = divmod(sums["seconds"], 60)
    return f"{listed or 'no tests'} in {runs} runs, {minutes} min {seconds} s"


def main() -> int:
    """Print the sum of the reports in the folder that the command line names."""
    reports = sorted(Path(sys.argv[1]).glob("*.xml"))
    print(f"All tests: {summary(add_up(reports), len(reports))} ({', '.join(report.stem for report in reports)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
