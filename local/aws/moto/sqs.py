"""SQS: where moto's queues race, or read messages more often than they need. Each function says what SQS does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from moto.sqs.models import Queue, SQSBackend

from local.aws.moto.replacement import replace

_lock = threading.RLock()
_POLL_SECONDS = 0.25


def apply(endpoint: str) -> None:
    """Correct moto; `endpoint` is the URL of its server. Raises SystemExit if moto lacks a replaced part."""
    for name in ("send_message", "delete_message"):
        replace(SQSBackend, name, lock_queues)
    replace(SQSBackend, "receive_message", _receive_atomically)
    replace(Queue, "delete_message", _delete_first)
    # A client sends its requests to the queue's URL, which names AWS in moto.
    replace(Queue, "physical_resource_id", lambda _: property(lambda q: f"{endpoint}/{q.account_id}/{q.name}"))


def is_long_poll(environ: dict[str, Any]) -> bool:
    """Return whether a request may wait for messages, and therefore must not hold the service's lock."""
    return str(environ.get("HTTP_X_AMZ_TARGET", "")).endswith("AmazonSQS.ReceiveMessage")


def lock_queues(original: Callable[..., Any]) -> Callable[..., Any]:
    """SQS does each of these atomically; in moto they race with a poll, which runs outside the service's lock."""

    def locked(*args: Any, **kwargs: Any) -> Any:
        with _lock:
            return original(*args, **kwargs)

    return locked


def _delete_first(original: Callable[..., Any]) -> Callable[..., Any]:
    """Delete the first message with the receipt handle.

    moto reads all messages twice. A message that is deleted was received before, and so is among the first.
    """

    def delete(self: Queue, receipt_handle: str) -> None:
        for place, message in enumerate(self._messages):
            if message.had_receipt_handle(receipt_handle):
                self.pending_messages.discard(message)
                self.deleted_messages.update(message.all_receipt_handles)  # type: ignore[arg-type]
                del self._messages[place]
                return
        # The message was deleted before, or never existed: moto knows the error.
        original(self, receipt_handle)

    return delete


def _receive_atomically(original: Callable[..., Any]) -> Callable[..., Any]:
    """SQS hides a received message at once; in moto two pollers may receive the same one.

    The wait is outside the lock. It ends every quarter second to find messages whose delay or time-out is over.
    """

    def receive(self: Any, queue_name: str, count: int, wait_seconds: int, *args: Any, **kwargs: Any) -> Any:
        queue = self.get_queue(queue_name)
        until = time.monotonic() + wait_seconds
        while True:
            with _lock:
                messages = original(self, queue_name, count, 0, *args, **kwargs)
            left = until - time.monotonic()
            if messages or left <= 0:
                return messages
            queue.wait_for_messages(min(left, _POLL_SECONDS))

    return receive
