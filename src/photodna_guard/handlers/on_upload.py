"""The fast path: an upload's event from S3 or EventBridge."""

from typing import Any

from photodna_guard import bootstrap
from photodna_guard.application import Application, remaining_seconds
from photodna_guard.domain import events
from photodna_guard.domain.errors import RedeliveryRequiredError
from photodna_guard.rate_limiter.gcra import LIVE


def handler(event: Any, context: Any) -> None:
    """Settle or defer every upload of the event. Raises RedeliveryRequiredError: Lambda delivers the event again."""
    process(bootstrap.get_application(LIVE), event, remaining_seconds(context))


def process(application: Application, event: Any, seconds: float) -> None:
    """Process the event within `seconds`. Raises RedeliveryRequiredError, and what the queue raises."""
    with application.telemetry.flushing():
        parsed = events.parse_event(event)
        is_stored = application.set_aside(parsed.unreadable, parsed.ignored)
        done = application.fresh_uploads.check(parsed.jobs, seconds)
    if not all(done):
        raise RedeliveryRequiredError(f"{done.count(False)} of {len(done)} uploads are to be delivered again")
    if not is_stored:
        raise RedeliveryRequiredError("the dead-letter queue did not take a part of the event that cannot be read")


bootstrap.prewarm(LIVE)
