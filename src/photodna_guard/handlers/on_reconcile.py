"""The reconciliation, started by EventBridge's schedule."""

from typing import Any

from photodna_guard import scheduled
from photodna_guard.application import remaining_seconds


def handler(event: Any, context: Any) -> None:
    """Look at the next part of each bucket. If that fails, the next run continues.

    The schedule's event names the buckets beside the stack's own: {"buckets": ["photos", ...]}.
    """
    reconciliation = scheduled.get_reconciliation(tuple(filter(None, event.get("buckets", []))))
    with reconciliation.telemetry.flushing():
        reconciliation.run(remaining_seconds(context))
