"""Which markers whole folders have, the order of the tests, and what a run prints at its end.

xdist calls `pytest_terminal_summary` of no other conftest.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.counts import FOLDER, in_words

_STARTED_AT = time.time()
_MARKERS = {"faults": "slow", "sam": "slow", "judges": "judge"}
_TESTS = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of these folders before pytest selects by marker. Move the tests marked `last` to the end."""
    for item in items:
        if marker := _MARKERS.get(item.path.relative_to(_TESTS).parts[0]):
            item.add_marker(marker)
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how much the fault tests of this run tried."""
    reports = [report for report in sorted(FOLDER.glob("*.json")) if report.stat().st_mtime >= _STARTED_AT]
    if reports and not hasattr(terminalreporter.config, "workerinput"):
        terminalreporter.section("fault tests")
        for line in in_words([json.loads(report.read_text()) for report in reports]):
            terminalreporter.line(line)
