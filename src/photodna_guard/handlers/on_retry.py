"""The retry path and the backfill: batches of queue messages. The variable PRIORITY names the function's priority."""

import os
from typing import Any

from photodna_guard import bootstrap
from photodna_guard.domain import events
from photodna_guard.domain.models import ScanJob
from photodna_guard.rate_limiter.gcra import PRIORITIES, RETRY

PRIORITY = PRIORITIES[os.environ.get("PRIORITY", RETRY.name)]


def handler(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
    """Settle or defer every upload of every message. Returns the messages that SQS has to deliver again."""
    return process(bootstrap.get_application(PRIORITY), event, bootstrap.remaining_seconds(context))


def process(application: bootstrap.Application, event: Any, seconds: float) -> dict[str, list[dict[str, str]]]:
    """Process the batch within `seconds`. Returns Lambda's partial batch response."""
    with application.telemetry.flushing():
        jobs: list[tuple[str, ScanJob]] = []
        for record in event["Records"]:
            parsed = events.parse_message(record["body"])
            application.dead_letter(parsed.unreadable)
            jobs += [(record["messageId"], job) for job in parsed.jobs]
        done = application.scanner.scan([job for _, job in jobs], seconds)
    redelivered = {message_id for (message_id, _), is_done in zip(jobs, done, strict=True) if not is_done}
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(redelivered)]}


bootstrap.prewarm(PRIORITY)
