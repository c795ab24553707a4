"""tools/test_summary.py: the sum over several runs of pytest."""

from pathlib import Path

from tools.test_summary import add_up, summary

REPORT = '<testsuites><testsuite errors="{}" failures="{}" skipped="{}" tests="{}" time="{}"/></testsuites>'


def write_report(folder: Path, name: str, errors: int, failures: int, skipped: int, tests: int, seconds: float) -> Path:
    report = folder / f"{name}.xml"
    report.write_text(REPORT.format(errors, failures, skipped, tests, seconds), encoding="utf-8")
    return report


def test_summary_adds_all_reports_up(tmp_path: Path) -> None:
    reports = [write_report(tmp_path, "quick", 0, 1, 2, 100, 59.6), write_report(tmp_path, "slow", 1, 0, 0, 10, 5.2)]
    assert summary(add_up(reports), 2) == "2 failed, 106 passed, 2 skipped in 2 runs, 1 min 5 s"


def test_summary_without_failures_names_none(tmp_path: Path) -> None:
    assert summary(add_up([write_report(tmp_path, "quick", 0, 0, 0, 7, 1.0)]), 1) == "7 passed in 1 runs, 0 min 1 s"


def test_summary_of_no_report_says_no_tests() -> None:
    assert summary(add_up([]), 0) == "no tests in 0 runs, 0 min 0 s"
