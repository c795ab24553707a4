"""The feeder of backfills, started by EventBridge's schedule."""

from typing import Any

from photodna_guard import scheduled
from photodna_guard.application import remaining_seconds


def handler(_event: Any, context: Any) -> None:
    """Feed the backfill queue for the rest of the minute."""
    feeder = scheduled.get_feeder()
    with feeder.telemetry.flushing():
        feeder.run(remaining_seconds(context))
