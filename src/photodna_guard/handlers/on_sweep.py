"""The sweep, started by EventBridge's schedule."""

from typing import Any

from photodna_guard import scheduled
from photodna_guard.application import remaining_seconds


def handler(_event: Any, context: Any) -> None:
    """Redeliver the overdue uploads. If that fails, the next run continues."""
    sweep = scheduled.get_sweeper()
    with sweep.telemetry.flushing():
        sweep.run(remaining_seconds(context))
