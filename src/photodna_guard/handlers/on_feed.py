"""The feeder of backfills, started by EventBridge's schedule."""

from typing import Any

from photodna_guard import scheduled
from photodna_guard.application import remaining_seconds


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001 - the schedule's event carries no data
    """Feed the backfill queue for the rest of the minute."""
    feeder = scheduled.get_feeder()
    with feeder.telemetry.flushing():
        feeder.run(remaining_seconds(context))
