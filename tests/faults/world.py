"""The world around the application: users, S3's events, Lambda's retries, SQS, and the clock.

What is delivered when, how often and in which order is for the tests to say; `drain` goes on until nothing is left.
"""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.aws import s3_events
from tests.faults import invariants, pictures, proofs
from tests.faults.calls import Death, Fault, Process
from tests.faults.cloud import ACCOUNT, KEY, REGION, UNVERSIONED, Cloud
from tests.faults.functions import HAS_SWEEP, ON_RETRY, ON_SWEEP, ON_UPLOAD, QUEUE_OF, Functions, failed_invocation
from tests.faults.interleaving import Task, one_after_the_other
from tests.faults.invariants import State, Uploaded
from tests.faults.service import MatchService
from tests.faults.state import read_state

ASYNC_RETRIES, ASYNC_DELAYS = 2, (60.0, 120.0)  # Lambda's, of an asynchronous invocation; seconds
SWEEP_SECONDS = 300.0
ROUNDS = 400  # deliveries after which a world that does not come to rest is a fault


@dataclass(eq=False)
class Pending:
    """An event on its way to the fast path. It may be delivered again after that."""

    event: Any
    due: float
    tries: int = 0
    delivered: bool = False


@dataclass(eq=False)
class Queued:
    """A message of one of the queues."""

    message_id: str
    body: str
    due: float
    receives: int = 0


class World:
    """One run. Made once for a cloud, and begun anew for each schedule."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.clock, self.calls = cloud, cloud.clock, cloud.calls
        self.service = MatchService(cloud)
        self.functions = Functions(cloud, self.service)
        self._s3 = cloud.session.client("s3")
        self.begin()

    def begin(self, versioned: bool = True, proof: str = proofs.CHECKSUM, **environment: str) -> None:
        """An empty world; `environment`: settings of the functions that differ from the template's.

        `proof`: what S3 has of each upload's bytes, of proofs.PROOFS.
        """
        self.cloud.reset()
        self.service.reset()
        self.functions.environment = environment
        self.functions.log.seek(0)
        self.functions.log.truncate()
        random.seed(0)
        self.bucket = self.cloud.physical("UploadBucket") if versioned else UNVERSIONED
        self.versioned, self.proof = versioned, proof
        self.uploads: list[Uploaded] = []
        self.markers: list[str] = []  # the versions that are users' delete markers
        self.events: list[Pending] = []
        self.queues: dict[str, list[Queued]] = {name: [] for name in QUEUE_OF.values()}
        self.secrets = [KEY, "THE-SECRET-ACCESS-KEY", "THE-SESSION-TOKEN"]
        self.redriven = False
        self.vanished = False  # whether a message was lost, which no service does
        self.processes: list[Process] = []
        self.broken: list[str] = []  # invariants that did not hold in between
        self._messages = self._sequencer = 0
        self._swept = self.clock.now()
        self.calls.after_each = self._after_call
        self.service.on_asked = self._note_asked

    # ------------------------------------------------------------ users

    def upload(self, picture: str, key: str = "a.jpg", tags: dict[str, str] | None = None) -> Uploaded:
        """A user uploads; S3's event of it is on its way."""
        content = pictures.BYTES[picture]
        tagging = {"Tagging": "&".join(f"{k}={v}" for k, v in tags.items())} if tags else {}
        answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, **tagging)
        self._overwrite(key)
        etag = proofs.leave(self.proof, self.cloud.s3.buckets[self.bucket].keys[key])
        made = Uploaded(self.bucket, key, answer.get("VersionId"), etag, content, picture, tags or {})
        self.uploads.append(made)
        self.events.append(Pending(self._event(made), self.clock.now()))
        return made

    def delete(self, upload: Uploaded) -> None:
        """Its user deletes that version; in a bucket without versions, whatever is there."""
        version = {"VersionId": upload.version_id} if upload.version_id else {}
        self._s3.delete_object(Bucket=self.bucket, Key=upload.key, **version)
        if upload.version_id:
            upload.removed = True
        else:
            self._overwrite(upload.key)

    def mark_deleted(self, key: str) -> None:
        """A delete marker; the versions below it stay."""
        marker = self._s3.delete_object(Bucket=self.bucket, Key=key).get("VersionId")
        if marker:
            self.markers.append(marker)
        self._overwrite(key)

    def _overwrite(self, key: str) -> None:
        for upload in self.uploads:
            if upload.key == key and not upload.version_id:
                upload.removed = True

    def _event(self, made: Uploaded) -> Any:
        self._sequencer += 1
        creation = s3_events.Creation(
            event_name="ObjectCreated:Put",
            bucket=made.bucket,
            key=made.key,
            size=len(made.content),
            etag=made.etag,
            version_id=made.version_id,
            sequencer=f"{self._sequencer:018X}",
            region=REGION,
            account=ACCOUNT,
            access_key="AIDAUSER",
            source_ip="203.0.113.7",
            at=datetime.fromtimestamp(self.clock.now(), UTC),
        )
        return s3_events.make_notification(creation, "faults")

    # ------------------------------------------------------------ deliveries

    def deliver(
        self, *pending: Pending, together: Iterable[tuple[str, list[Queued]]] = (), seed: int | None = None
    ) -> None:
        """Events to the fast path, and beside them batches of messages to their functions, taking turns by `seed`."""
        work = [(self._process(ON_UPLOAD), one) for one in pending]
        batches = [(self._process(function), messages) for function, messages in together if messages]
        for process, messages in batches:
            for message in messages:
                message.due, message.receives = (
                    self.clock.now() + self._visibility(process.function),
                    message.receives + 1,
                )
        started = [(process, one.event) for process, one in work]
        started += [(process, _batch(messages)) for process, messages in batches]
        answers = self._run(started, seed)
        for (_, one), answer in zip(work, answers, strict=False):
            self._invoked(one, answer is _FAILED)
        for (process, messages), answer in zip(batches, answers[len(work) :], strict=True):
            self._received(QUEUE_OF[process.function], messages, answer)

    def deliver_messages(self, *messages: Queued, function: str = ON_RETRY) -> None:
        """One batch."""
        self.deliver(together=[(function, list(messages))])

    def sweep(self) -> None:
        """The schedule's event. Without a sweep in the application: nothing."""
        self._swept = self.clock.now()
        if HAS_SWEEP and ON_SWEEP in self.cloud.resources:
            self._run([(self._process(ON_SWEEP), {})], None)

    def redrive(self) -> None:
        """An operator sends the dead letters back to the retry queue."""
        self.redriven = True
        for message in self.dead_letters():
            self.put("RetryQueue", message.body, 0.0)
        self.cloud.queues[self.cloud.physical("DeadLetterQueue")]._messages.clear()

    def backfill(self, upload: Uploaded) -> None:
        """Puts an upload on the backfill's queue, as the operator's command does; its event is no more."""
        self.take_event(upload)
        known = {"bucket": upload.bucket, "key": upload.key, "etag": upload.etag, "version_id": upload.version_id}
        self.put("BackfillQueue", json.dumps({"upload": known}), 0.0)

    def expect(self, event: Any) -> None:
        """Another event is on its way to the fast path."""
        self.events.append(Pending(event, self.clock.now()))

    def take_event(self, upload: Uploaded) -> Any:
        """The upload's event, which does not go to the fast path."""
        found = next(one for one in self.events if _names(one.event, upload))
        self.events.remove(found)
        return found.event

    def take_slots(self, count: int) -> None:
        """Others have taken that many slots."""
        self.set_limiter("tat", round((self.clock.now() + count / 10) * 1e6))

    def set_limiter(self, attribute: str, value: int) -> None:
        """Changes the shared rate's item."""
        self.cloud.session.client("dynamodb").update_item(
            TableName=self.cloud.physical("RateLimiterTable"),
            Key={"limiter": {"S": "match"}},
            UpdateExpression=f"SET {attribute} = :value",
            ExpressionAttributeValues={":value": {"N": str(value)}},
        )

    def fail(self, name: str, kind: str, count: int = 1) -> None:
        """The next `count` calls of that name fail in that way."""
        self.calls.faults.append(Fault(name, kind, count))

    def dead_letters(self) -> list[Any]:
        """Moto's messages."""
        return list(self.cloud.queues[self.cloud.physical("DeadLetterQueue")]._messages)

    def drain(self, heal: bool = True) -> None:
        """Heals everything, and delivers whatever is due, moving the clock on, until nothing is left to be done."""
        if heal:
            self.calls.heal()
        for _ in range(ROUNDS):
            if not self._deliver_next():
                break
        else:
            self.broken.append("the world does not come to rest")
        self.state = self.read()

    def read(self) -> State:
        """What is there now, for the invariants."""
        return read_state(self)

    def check(self) -> None:
        """After `drain`: raises AssertionError, naming each invariant that does not hold."""
        wrong = self.wrong()
        assert not wrong, "\n".join(wrong)

    def wrong(self) -> list[str]:
        """After `drain`: a sentence for each invariant that does not hold, or did not on the way."""
        return [*dict.fromkeys(self.broken), *invariants.broken(self.state)]

    def _deliver_next(self) -> bool:
        events = [one for one in self.events if not one.delivered]
        queued = [(one.due, function) for function, name in QUEUE_OF.items() for one in self.queues[name]]
        dues = [one.due for one in events] + [due for due, _ in queued]
        if not dues and not self._unsettled():
            return False
        if not dues and not self.vanished:
            self.broken.append("nothing but the sweep leads on")
            self.vanished = True  # said once
        sweep_due = self._swept + SWEEP_SECONDS
        if HAS_SWEEP and (not dues or min(dues) > sweep_due):
            self.clock.time = max(self.clock.time, sweep_due)
            self.sweep()
            return True
        if not dues:
            return False
        self.clock.time = max(self.clock.time, min(dues))
        if ready := [one for one in events if one.due <= self.clock.now()]:
            self.deliver(ready[0])
        else:
            self._deliver_due()
        return True

    def _deliver_due(self) -> None:
        for function, name in QUEUE_OF.items():
            due = [one for one in self.queues[name] if one.due <= self.clock.now()]
            if due:
                self.deliver_messages(*due[: self.functions.batch_size(function)], function=function)

    def _unsettled(self) -> bool:
        """Whether the sweep may find something to do."""
        items = self.cloud.items("ResultsTable")
        return any("unsettled" in item or item["status"]["S"] in invariants.UNSETTLED for item in items)

    # ------------------------------------------------------------ Lambda and SQS

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
        """Lambda repeats an asynchronous invocation twice, and hands it to the destination then."""
        again = one.delivered
        one.delivered = True
        if failed and not again:
            if one.tries < ASYNC_RETRIES:
                one.due, one.delivered = self.clock.now() + ASYNC_DELAYS[one.tries], False
                one.tries += 1
            else:
                self.put("RetryQueue", failed_invocation(one.event), 0.0)
        elif failed:  # a duplicate that failed is repeated as well
            self.put("RetryQueue", failed_invocation(one.event), 0.0)

    def _received(self, queue: str, messages: list[Queued], answer: Any) -> None:
        """SQS deletes what the function has not named; where the function failed, nothing."""
        if answer is not _FAILED:
            again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            for message in messages:
                if message.message_id not in again and message in self.queues[queue]:
                    self.queues[queue].remove(message)

    def put(self, queue: str, body: str, delay: float) -> None:
        """Sends a message; `delay` in seconds."""
        self._messages += 1
        self.queues[queue].append(Queued(f"message-{self._messages}", body, self.clock.now() + delay))

    def _harvest(self) -> None:
        """Takes over what the application has sent, with its delay by our clock."""
        for name in self.queues:
            queue = self.cloud.queues[self.cloud.physical(name)]
            for message in queue._messages:
                delay = max(0.0, round((message.delayed_until - (message.sent_timestamp or 0)) / 1000))
                self.put(name, message.body, delay if message.delayed_until else 0.0)
            queue._messages.clear()

    def _visibility(self, function: str) -> float:
        return float(self.cloud.resources[QUEUE_OF[function]].properties["VisibilityTimeout"])

    # ------------------------------------------------------------ while it runs

    def _after_call(self, name: str) -> None:
        """Looks at what a call has changed: what must hold at each moment."""
        if name in ("sqs.SendMessage", "sqs.SendMessageBatch"):
            self._harvest()
        if name.startswith(("s3.Delete", "s3.Put")):
            self.broken += [f"after {name}: {what}" for what in invariants.broken_at_once(self.read())]

    def _note_asked(self, asked: Any) -> None:
        if asked.where and (what := invariants.asked_in_vain(self.read(), asked)):
            self.broken.append(what)


_FAILED = object()


def _answer(result: Any) -> Any:
    """What the function returned; _FAILED where it raised or died. What no function raises is passed on."""
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


def _names(event: Any, upload: Uploaded) -> bool:
    s3 = event["Records"][0]["s3"]["object"]
    return bool(s3.get("versionId") == upload.version_id and s3["eTag"] == upload.etag)
