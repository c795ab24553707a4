"""Sends batches to a queue, several in parallel, and records up to which key every version is sent."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.errors import CannotProceedError
from ops.versions import Batch
from photodna_guard.domain.models import ScanJob

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

THREADS = 8
# Batches that are being sent, or that wait for a slow one before them. The bound limits the memory, and the number of
# messages that are sent twice after an interruption.
_MAX_PENDING_BATCHES = 4 * THREADS
# The waits before messages that SQS did not accept are sent again.
WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds


@dataclass(slots=True)
class Progress:
    """The versions that are sent without a gap."""

    sent: int = 0
    # A later run that starts after this key leaves no version out.
    after: str | None = None

    def add(self, batch: Batch) -> None:
        """Record that the next batch is sent."""
        self.sent += len(batch.uploads)
        self.after = batch.after


def send_batch(client: "SQSClient", queue_url: str, batch: Batch, sleep: Callable[[float], None] = time.sleep) -> None:
    """Send one batch. Messages that SQS does not accept are sent again.

    The messages have the format of the retry queue. They are escaped to ASCII, because SQS refuses control characters
    and a key may have them. Raises CannotProceedError after the last try, and botocore's errors.
    """
    left: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(number), "MessageBody": json.dumps(ScanJob(upload, rescan=True).as_dict())}
        for number, upload in enumerate(batch.uploads)
    ]
    for wait in (*WAITS, None):
        answer = client.send_message_batch(QueueUrl=queue_url, Entries=left)
        taken = {entry["Id"] for entry in answer.get("Successful", [])}
        left = [entry for entry in left if entry["Id"] not in taken]
        if not left:
            return
        if wait is not None:
            sleep(wait)
    reasons = {f"{failed['Code']} {failed.get('Message', '')}".strip() for failed in answer.get("Failed", [])}
    listed = ", ".join(sorted(reasons)) or "no reason given"
    raise CannotProceedError(f"SQS did not accept {len(left)} messages in {len(WAITS) + 1} tries: {listed}")


def send_batches(
    batches: Iterable[Batch], send_one: Callable[[Batch], None], progress: Progress, tell: Callable[[], None]
) -> None:
    """Send all batches, nearly in their order. `progress` only counts those that are sent without a gap.

    `tell` is called after each of these. Raises the errors of `batches` and `send_one`, but only when the batches that
    are being sent have ended; `progress` is right then, too. Two calls at once must not share a progress.
    """
    under_way: deque[tuple[Batch, Future[None]]] = deque()
    pool = ThreadPoolExecutor(THREADS)
    try:
        for batch in batches:
            under_way.append((batch, pool.submit(send_one, batch)))
            if len(under_way) == _MAX_PENDING_BATCHES:
                _wait_for_first(under_way, progress)
                tell()
        while under_way:
            _wait_for_first(under_way, progress)
            tell()
    # Ctrl-C comes here, too.
    finally:
        _finish(pool, under_way)
        while under_way and _is_sent(under_way[0][1]):
            _wait_for_first(under_way, progress)


def _finish(pool: ThreadPoolExecutor, under_way: deque[tuple[Batch, Future[None]]]) -> None:
    """Wait for the pending batches. Cancel them if one before them failed, or at a second Ctrl-C."""
    try:
        pool.shutdown(cancel_futures=bool(under_way) and _has_failed(under_way[0][1]))
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _wait_for_first(under_way: deque[tuple[Batch, Future[None]]], progress: Progress) -> None:
    batch, future = under_way[0]
    future.result()
    under_way.popleft()
    progress.add(batch)


def _has_failed(future: Future[None]) -> bool:
    return future.done() and not _is_sent(future)


def _is_sent(future: Future[None]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
