"""Waiting for a condition that becomes true by itself."""

import time
from collections.abc import Callable
from typing import Any


def wait_until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Return the condition's value as soon as it is true. Fail the test if that takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")
