"""Puts batches on a queue, several side by side, and knows up to where nothing is missing."""

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
_AHEAD = 4 * THREADS  # batches under way or waiting for one that is slow: it bounds the memory, and what is sent twice
WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds before messages that SQS did not take are sent again


@dataclass(slots=True)
class Progress:
    """How far all is sent, without a gap."""

    sent: int = 0  # versions
    after: str | None = None  # a later run that starts after this key leaves nothing out

    def add(self, batch: Batch) -> None:
        """The next batch is sent."""
        self.sent += len(batch.uploads)
        self.after = batch.after


def send_batch(client: "SQSClient", queue_url: str, batch: Batch, sleep: Callable[[float], None] = time.sleep) -> None:
    """One batch. What SQS does not take is sent again. Raises CannotProceedError in the end, and botocore's errors.

    The messages are those of the retry queue. Escaped to ASCII, they hold any key: SQS refuses control characters.
    """
    left: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(number), "MessageBody": json.dumps(ScanJob(upload).as_dict())}
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
    why = {f"{failed['Code']} {failed.get('Message', '')}".strip() for failed in answer.get("Failed", [])}
    said = ", ".join(sorted(why)) or "no reason given"
    raise CannotProceedError(f"SQS did not take {len(left)} messages in {len(WAITS) + 1} tries: {said}")


def send_batches(
    batches: Iterable[Batch], send_one: Callable[[Batch], None], progress: Progress, tell: Callable[[], None]
) -> None:
    """Sends all batches, nearly in their order. `progress` only moves over what is sent without a gap.

    `tell` is called after each such batch. Raises whatever `batches` and `send_one` raise, when what is under way is
    over; `progress` is right then, too. Not safe to be called twice at once with the same progress.
    """
    under_way: deque[tuple[Batch, Future[None]]] = deque()
    pool = ThreadPoolExecutor(THREADS)
    try:
        for batch in batches:
            under_way.append((batch, pool.submit(send_one, batch)))
            if len(under_way) == _AHEAD:
                _land(under_way, progress)
                tell()
        while under_way:
            _land(under_way, progress)
            tell()
    finally:  # also at Ctrl-C
        _finish(pool, under_way)
        while under_way and _is_sent(under_way[0][1]):
            _land(under_way, progress)


def _finish(pool: ThreadPoolExecutor, under_way: deque[tuple[Batch, Future[None]]]) -> None:
    """Sends what was listed, unless that is for nothing: it is behind a batch that failed, or Ctrl-C came once more."""
    try:
        pool.shutdown(cancel_futures=bool(under_way) and _has_failed(under_way[0][1]))
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _land(under_way: deque[tuple[Batch, Future[None]]], progress: Progress) -> None:
    batch, future = under_way[0]
    future.result()
    under_way.popleft()
    progress.add(batch)


def _has_failed(future: Future[None]) -> bool:
    return future.done() and not _is_sent(future)


def _is_sent(future: Future[None]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
