"""The reconciliation, started by EventBridge's schedule."""

from typing import Any

from photodna_guard import scheduled
from photodna_guard.application import remaining_seconds


def handler(_event: Any, context: Any) -> None:
    """Look at the next part of the bucket. If that fails, the next run continues."""
    reconciler = scheduled.get_reconciler()
    with reconciler.telemetry.flushing():
        reconciler.run(remaining_seconds(context))
