"""A message of the retry queue or the backfill queue, as Lambda delivers it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from photodna_guard.domain import events
from photodna_guard.domain.events import UnreadablePart
from photodna_guard.domain.models import ScanJob


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message, its scan jobs, and what SQS says of it."""

    message_id: str
    jobs: tuple[ScanJob, ...]
    unreadable: tuple[UnreadablePart, ...] = ()
    # Names this delivery of the message.
    receipt_handle: str = ""
    # Deliveries so far, this one included.
    receives: int = 1
    # Epoch seconds at which it was sent; None where the delivery does not say.
    sent: float | None = None
    # The names of its events that ask for no scan.
    ignored: tuple[str, ...] = ()

    @property
    def waits_for_service(self) -> bool:
        """Whether nothing is left to do with it but to ask the service: its bytes are no known hash."""
        return bool(self.jobs) and not self.unreadable and all(job.hash_checked for job in self.jobs)


def parse_record(record: Mapping[str, Any]) -> QueueMessage:
    """Return the message of one record of Lambda's SQS event."""
    parsed, attributes = events.parse_message(record["body"]), record.get("attributes", {})
    sent = attributes.get("SentTimestamp")
    return QueueMessage(
        record["messageId"],
        parsed.jobs,
        parsed.unreadable,
        record.get("receiptHandle", ""),
        int(attributes.get("ApproximateReceiveCount", 1)),
        None if sent is None else int(sent) / 1000,
        parsed.ignored,
    )
