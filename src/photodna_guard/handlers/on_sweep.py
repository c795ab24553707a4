"""The sweep's entry point, by EventBridge's schedule."""

from typing import Any

from photodna_guard import bootstrap


def handler(_event: Any, _context: Any) -> None:
    """Sends what is overdue again. Where that fails the next run goes on."""
    sweep = bootstrap.get_sweeper()
    with sweep.telemetry.flushing():
        sweep.run()
