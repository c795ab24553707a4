"""The deliveries of S3's events and SQS's messages: Lambda's retries, its destination, and the queues."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from photodna_guard.scanning.source_copier import MoveLimits
from tests.faults import proofs
from tests.faults.calls import Death, Fault, Process
from tests.faults.cloud import Cloud
from tests.faults.functions import HAS_SWEEP, ON_RETRY, ON_SWEEP, ON_UPLOAD, QUEUE_OF, Functions, failed_invocation
from tests.faults.interleaving import Task, one_after_the_other
from tests.faults.observed import Uploaded
from tests.faults.service import MatchService
from tests.faults.users import Pending, Users

# Lambda's own, of an asynchronous invocation.
ASYNC_RETRIES = 2
ASYNC_DELAYS = (60.0, 120.0)  # seconds
_FAILED = object()


@dataclass(eq=False)
class Queued:
    """A message of one of the queues."""

    message_id: str
    body: str
    due: float
    receives: int = 0


class Deliveries(Users):
    """Lambda and SQS around the functions. `queues` are the messages that were sent and not yet deleted."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.service = MatchService(cloud)
        self.functions = Functions(cloud, self.service)

    def begin(self, versioned: bool = True, proof: str = proofs.CHECKSUM, **environment: str) -> None:
        """Begin with empty queues. `environment` are the functions' settings that differ from the template's."""
        super().begin(versioned, proof)
        self.functions.environment, self.functions.move_limits = environment, MoveLimits()
        self.functions.log.seek(0)
        self.functions.log.truncate()
        self.queues: dict[str, list[Queued]] = {name: [] for name in QUEUE_OF.values()}
        self.processes: list[Process] = []
        self.redriven = False
        self._messages = 0
        self._swept = self.clock.now()

    def deliver(
        self, *pending: Pending, together: Iterable[tuple[str, list[Queued]]] = (), seed: int | None = None
    ) -> None:
        """Deliver events to the fast path, and beside them batches of messages, taking turns by `seed`."""
        work = [(self._process(ON_UPLOAD), one) for one in pending]
        batches = [(self._process(function), messages) for function, messages in together if messages]
        for process, messages in batches:
            for message in messages:
                message.due = self.clock.now() + self._visibility(process.function)
                message.receives += 1
        started = [(process, one.event) for process, one in work]
        started += [(process, _batch(messages)) for process, messages in batches]
        answers = self._run(started, seed)
        for (_, one), answer in zip(work, answers, strict=False):
            self._invoked(one, answer is _FAILED)
        for (process, messages), answer in zip(batches, answers[len(work) :], strict=True):
            self._received(QUEUE_OF[process.function], messages, answer)

    def deliver_messages(self, *messages: Queued, function: str = ON_RETRY) -> None:
        """Deliver one batch of messages."""
        self.deliver(together=[(function, list(messages))])

    def sweep(self) -> None:
        """Deliver the schedule's event, if the application has a sweep."""
        self._swept = self.clock.now()
        if HAS_SWEEP and ON_SWEEP in self.cloud.resources:
            self._run([(self._process(ON_SWEEP), {})], None)

    def redrive(self) -> None:
        """Send the dead letters back to the retry queue, as an operator does."""
        self.redriven = True
        for message in self.dead_letters():
            self.put("RetryQueue", message.body, 0.0)
        self.cloud.queues[self.cloud.physical("DeadLetterQueue")]._messages.clear()

    def backfill(self, upload: Uploaded) -> None:
        """Put an upload on the backfill's queue, as the operator's command does. Its event is gone."""
        self.take_event(upload)
        known = {"bucket": upload.bucket, "key": upload.key, "etag": upload.etag, "version_id": upload.version_id}
        self.put("BackfillQueue", json.dumps({"upload": known}), 0.0)

    def put(self, queue: str, body: str, delay: float) -> None:
        """Send a message with a delay in seconds."""
        self._messages += 1
        self.queues[queue].append(Queued(f"message-{self._messages}", body, self.clock.now() + delay))

    def take_slots(self, count: int) -> None:
        """Reserve this many slots for other workers."""
        self.set_limiter("tat", round((self.clock.now() + count / 10) * 1e6))

    def set_limiter(self, attribute: str, value: int) -> None:
        """Change the rate limiter's item."""
        self.cloud.session.client("dynamodb").update_item(
            TableName=self.cloud.physical("RateLimiterTable"),
            Key={"limiter": {"S": "match"}},
            UpdateExpression=f"SET {attribute} = :value",
            ExpressionAttributeValues={":value": {"N": str(value)}},
        )

    def take_sent(self) -> None:
        """Take over what somebody other than the application has sent."""
        self._harvest()

    def fail(self, name: str, kind: str, count: int = 1) -> None:
        """Let the next `count` calls of this name fail in this way."""
        self.calls.faults.append(Fault(name, kind, count))

    def dead_letters(self) -> list[Any]:
        """Return moto's messages in the dead-letter queue."""
        return list(self.cloud.queues[self.cloud.physical("DeadLetterQueue")]._messages)

    def _process(self, function: str) -> Process:
        process = self.functions.process(function)
        self.processes.append(process)
        return process

    def _run(self, started: list[tuple[Process, Any]], seed: int | None) -> list[Any]:
        baton = self.cloud.baton
        dice = random.Random(seed)
        baton.choose = one_after_the_other if seed is None else lambda ready, me: _any(dice, ready)
        with self.functions.logging():
            results = baton.run(*[(process, self.functions.work(process, payload)) for process, payload in started])
        baton.choose = one_after_the_other
        self._harvest()
        return [_answer(result) for result in results]

    def _invoked(self, one: Pending, failed: bool) -> None:
        """Repeat a failed asynchronous invocation twice, as Lambda does, then hand it to the destination."""
        again = one.delivered
        one.delivered = True
        if failed and not again:
            if one.tries < ASYNC_RETRIES:
                one.due, one.delivered = self.clock.now() + ASYNC_DELAYS[one.tries], False
                one.tries += 1
            else:
                self.put("RetryQueue", failed_invocation(one.event), 0.0)
        elif failed:
            # Lambda repeats a failed duplicate as well.
            self.put("RetryQueue", failed_invocation(one.event), 0.0)

    def _received(self, queue: str, messages: list[Queued], answer: Any) -> None:
        """Delete the messages that the function has not named as failed, as SQS does; none if the function failed."""
        if answer is not _FAILED:
            again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            for message in messages:
                if message.message_id not in again and message in self.queues[queue]:
                    self.queues[queue].remove(message)

    def _harvest(self) -> None:
        """Take over what the application has sent, with its delay by the clock of this run."""
        for name in self.queues:
            queue = self.cloud.queues[self.cloud.physical(name)]
            for message in queue._messages:
                delay = max(0.0, round((message.delayed_until - (message.sent_timestamp or 0)) / 1000))
                self.put(name, message.body, delay if message.delayed_until else 0.0)
            queue._messages.clear()

    def _visibility(self, function: str) -> float:
        return float(self.cloud.resources[QUEUE_OF[function]].properties["VisibilityTimeout"])


def _answer(result: Any) -> Any:
    """Return what the function returned, or _FAILED if it raised or died. Raise what no function raises."""
    error = result.exception()
    if error is None:
        return result.result()
    if isinstance(error, Death | Exception) and not isinstance(error, AssertionError | NotImplementedError):
        return _FAILED
    raise error


def _any(dice: random.Random, ready: list[Task]) -> Task:
    return dice.choice(ready)


def _batch(messages: list[Queued]) -> Any:
    return {"Records": [{"messageId": one.message_id, "body": one.body} for one in messages]}
