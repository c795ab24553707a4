"""The canary, started by EventBridge's schedule and by guardctl."""

from typing import Any

from photodna_guard import scheduled
from photodna_guard.application import remaining_seconds
from photodna_guard.domain.canary import SampleName


def handler(event: dict[str, Any], context: Any) -> None:
    """Send the sample, if there is one. guardctl's event names its run and which sample is meant."""
    canary = scheduled.get_canary()
    name, run_id = SampleName(event.get("sample", SampleName.SCHEDULED)), str(event.get("run_id", ""))
    with canary.telemetry.flushing():
        canary.run(name, run_id, remaining_seconds(context))
