"""The fast path: S3's or EventBridge's event of an upload."""

from typing import Any

from photodna_guard import bootstrap
from photodna_guard.domain import events
from photodna_guard.domain.errors import Unfinished
from photodna_guard.rate_limiter.gcra import UPLOADS


def handler(event: Any, context: Any) -> None:
    """Settles or defers every upload of the event. Raises Unfinished, and Lambda delivers the event again."""
    answer(bootstrap.guard(UPLOADS), event, bootstrap.seconds_left(context))


def answer(guard: bootstrap.Guard, event: Any, seconds: float) -> None:
    """The same with that application, within so many seconds."""
    with guard.notices.flushing():
        intake = events.read(event)
        guard.keep(intake.faults)
        done = guard.scanner.scan(intake.deliveries, seconds)
    if not all(done):
        raise Unfinished(f"{done.count(False)} of {len(done)} uploads are to be delivered again")


bootstrap.warm(UPLOADS)
