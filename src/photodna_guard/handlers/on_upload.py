"""The fast path: S3's or EventBridge's event of an upload."""

from typing import Any

from photodna_guard import bootstrap
from photodna_guard.domain import events
from photodna_guard.domain.errors import RedeliveryRequiredError
from photodna_guard.rate_limiter.gcra import LIVE


def handler(event: Any, context: Any) -> None:
    """Settles or defers every upload of the event. Raises Unfinished, and Lambda delivers the event again."""
    process(bootstrap.get_application(LIVE), event, bootstrap.remaining_seconds(context))


def process(guard: bootstrap.Application, event: Any, seconds: float) -> None:
    """The same with that application, within so many seconds."""
    with guard.notices.flushing():
        intake = events.parse_event(event)
        guard.dead_letter(intake.faults)
        done = guard.scanner.scan(intake.deliveries, seconds)
    if not all(done):
        raise RedeliveryRequiredError(f"{done.count(False)} of {len(done)} uploads are to be delivered again")


bootstrap.prewarm(LIVE)
