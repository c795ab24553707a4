"""The retry path and the backfill: messages of a queue, in batches. The variable `PRIORITY` says which of the two."""

import os
from typing import Any

from photodna_guard import bootstrap
from photodna_guard.domain import events
from photodna_guard.domain.models import ScanJob
from photodna_guard.rate_limiter.gcra import PRIORITIES, RETRY

PRIORITY = PRIORITIES[os.environ.get("PRIORITY", RETRY.name)]


def handler(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
    """Settles or defers every upload of every message; answers with the messages that have to come again."""
    return process(bootstrap.get_application(PRIORITY), event, bootstrap.remaining_seconds(context))


def process(guard: bootstrap.Application, event: Any, seconds: float) -> dict[str, list[dict[str, str]]]:
    """The same with that application, within so many seconds."""
    with guard.notices.flushing():
        messages: list[tuple[str, ScanJob]] = []
        for record in event["Records"]:
            intake = events.parse_message(record["body"])
            guard.dead_letter(intake.faults)
            messages += [(record["messageId"], delivery) for delivery in intake.deliveries]
        done = guard.scanner.scan([delivery for _, delivery in messages], seconds)
    again = {message_id for (message_id, _), is_done in zip(messages, done, strict=True) if not is_done}
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(again)]}


bootstrap.prewarm(PRIORITY)
