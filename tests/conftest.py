"""What the whole run says at its end: how much the fault tests have tried. xdist reads it in no other conftest."""

import json
import time
from typing import Any

from tests.faults.counts import FOLDER, in_words

_BEGAN = time.time()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How much was tried in this run."""
    fresh = [place for place in sorted(FOLDER.glob("*.json")) if place.stat().st_mtime >= _BEGAN]
    if fresh and not hasattr(terminalreporter.config, "workerinput"):
        terminalreporter.section("fault tests")
        for line in in_words([json.loads(place.read_text()) for place in fresh]):
            terminalreporter.line(line)
