"""What wraps events on their way -> the events. Pure."""

import json
from collections.abc import Iterator, Mapping


def iter_parts(payload: object) -> Iterator[object]:
    """Yield the parts of a payload, each of which names at most one upload, out of all their envelopes."""
    if isinstance(payload, Mapping):
        # Lambda sends the first to an on-failure destination. The second is our own message, redriven from the
        # dead-letter queue: a newer release may be able to read it.
        for name in ("requestPayload", "unreadable_event"):
            if name in payload:
                yield from iter_parts(payload[name])
                return
        if (message := _open_notification(payload)) is not None:
            yield from iter_parts(message)
            return
        if isinstance(payload.get("Records"), list):
            for record in payload["Records"]:
                yield from iter_parts(record)
            return
    yield payload


def _open_notification(payload: Mapping[str, object]) -> object | None:
    """Return the message in a notification of SNS; None where it is none, or no JSON object.

    A queue gets the notification itself, unless its subscription has raw delivery. A function gets it as `Sns`.
    """
    notification = payload.get("Sns", payload)
    if not isinstance(notification, Mapping) or "TopicArn" not in notification:
        return None
    message = notification.get("Message")
    try:
        opened = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return None
    return opened if isinstance(opened, Mapping) else None
