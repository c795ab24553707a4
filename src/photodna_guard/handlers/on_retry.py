"""The retry path and the backfill: batches of queue messages. The variable PRIORITY names the function's priority."""

import os
from typing import Any

from photodna_guard import bootstrap
from photodna_guard.application import Application, remaining_seconds
from photodna_guard.domain.models import ScanJob
from photodna_guard.domain.queue_message import parse_record
from photodna_guard.rate_limiter.gcra import PRIORITIES, RETRY

PRIORITY = PRIORITIES[os.environ.get("PRIORITY", RETRY.name)]


def handler(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
    """Settle or defer every upload of every message. Returns the messages that SQS has to deliver again."""
    return process(bootstrap.get_application(PRIORITY), event, remaining_seconds(context))


def process(application: Application, event: Any, seconds: float) -> dict[str, list[dict[str, str]]]:
    """Process the batch within `seconds`. Returns Lambda's partial batch response."""
    with application.telemetry.flushing():
        messages = [parse_record(record) for record in event["Records"]]
        application.queue_age.report(messages)
        redelivered = set(application.put_back.apply(messages))
        jobs: list[tuple[str, ScanJob]] = []
        for message in messages:
            if message.message_id not in redelivered:
                jobs += [(message.message_id, job) for job in message.jobs]
                if not application.set_aside(message.unreadable, message.ignored):
                    redelivered.add(message.message_id)
        done = application.scanner.scan([job for _, job in jobs], seconds)
    redelivered |= {message_id for (message_id, _), is_done in zip(jobs, done, strict=True) if not is_done}
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(redelivered)]}


bootstrap.prewarm(PRIORITY)
