"""A backfill over 20,000 objects in moto: the feeder dies ten times, nothing is missed and nothing is asked twice."""

import gc
import json
import random
import tracemalloc
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from local.aws.moto import many
from ops.guardctl.target import Target
from photodna_guard import settings
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.version_listing import ListedVersion
from photodna_guard.scanning.feeder import Feeder
from photodna_guard.scheduled import build_feeder
from tests.ops.guardctl.conftest import Console
from tests.support.clock import ManualClock
from tests.support.environment import COMPLETE_ENVIRONMENT
from tests.support.moto_aws import SESSION

pytestmark = pytest.mark.slow
COUNT, RATE, DEATHS = 20_000, 10, 10
# The versions of a page of S3's listing.
PAGE = 1000


class Workers:
    """They receive the backfill queue's messages at the rate, ask once for each upload, and write its result."""

    def __init__(self, target: Target, clock: ManualClock) -> None:
        self._url, self._sqs, self._clock = target.stack.output("BackfillQueueUrl"), SESSION.client("sqs"), clock
        self._queue = sqs_backends["123456789012"]["us-east-1"].queues["backfill"]
        self._table = dynamodb_backends["123456789012"]["us-east-1"].get_table("results")
        self.asked: list[str] = []
        self.settled: set[str] = set()
        self.longest = 0

    def sleep(self, seconds: float) -> None:
        """Let time go by, and work for so long."""
        self.longest = max(self.longest, len(self._queue._messages))
        self._clock.now += seconds
        self.work(round(seconds * RATE))

    def work(self, most: int) -> None:
        for _ in range(0, most, 10):
            found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", [])
            for message in found:
                upload = json.loads(message["Body"])["upload"]
                name = f"{upload['bucket']}/{upload['key']}"
                if name not in self.settled:
                    self.asked.append(name)
                    self.settled.add(name)
                    facts = {"upload": name, "version": upload["version_id"], "status": "CLEAN"}
                    facts |= {"settled_at": "2026-11-26T12:00:00.000Z"}
                    self._table.put_item({key: {"S": value} for key, value in facts.items()})
            if not found:
                return
            entries: Any = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(found)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


@pytest.fixture
def feeder(target: Target, clock: ManualClock, bucket: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Feeder, Workers]:
    for owner, name in many.REPLACED:
        # At the end the test has moto's own back.
        monkeypatch.setattr(owner, name, getattr(owner, name))
    many.apply()
    workers = Workers(target, clock)
    urls = {"RETRY_QUEUE_URL": "RetryQueueUrl", "BACKFILL_QUEUE_URL": "BackfillQueueUrl"}
    environment = COMPLETE_ENVIRONMENT | {name: target.stack.output(output) for name, output in urls.items()}
    conf = settings.from_environment(environment | {"RATE_PER_SECOND": str(RATE)})
    return build_feeder(conf, SESSION, clock, workers.sleep), workers


@pytest.fixture
def bucket(target: Target) -> str:
    s3 = SESSION.client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    backend = s3_backends["123456789012"]["aws"]
    for number in range(COUNT):
        backend.put_object("uploads", f"{number % 97:02}/{number}.jpg", b"x")
    return "uploads"


def run_measured(feeder: Feeder) -> tuple[int, int]:
    """Run the feeder. Return the most bytes that it allocated, moto's too, and how many listed versions it keeps."""
    tracemalloc.start()
    try:
        feeder.run(seconds=75)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return most, count_listed()


def count_listed() -> int:
    """Return the listed versions in memory. It asks no weak reference for the class of what may be gone."""
    return sum(type(one) is ListedVersion for one in gc.get_objects())


class Dying:
    """SQS and DynamoDB as the feeder sees them; some calls are its last."""

    def __init__(self, feeder: Feeder, chance: random.Random) -> None:
        self._calls_left = -1
        self._chance = chance
        for owner, name in (
            (feeder._jobs, "save"),
            (feeder._jobs, "find_running"),
            (feeder._queue, "send_all"),
            (feeder._queue, "count_messages"),
        ):
            setattr(owner, name, self._wrap(getattr(owner, name)))

    def schedule(self) -> None:
        self._calls_left = self._chance.randint(1, 40)

    def _wrap(self, call: Any) -> Any:
        def dying(*arguments: Any) -> Any:
            self._calls_left -= 1
            if self._calls_left == 0:
                # Half of the deaths come after the call has arrived.
                if self._chance.random() < 0.5:
                    call(*arguments)
                raise RetryableError("killed")
            return call(*arguments)

        return dying


def test_feeder_that_dies_ten_times_misses_nothing(
    console: Console, feeder: tuple[Feeder, Workers], clock: ManualClock
) -> None:
    fed, workers = feeder
    console.json("backfill", "start", "--reason", "a test", "--yes")
    others = count_listed()
    dying, deaths, runs, peaks = Dying(fed, random.Random(7)), 0, 0, list[tuple[int, int]]()
    while console.json("backfill", "status")["jobs"][0]["state"] == "running":
        runs, minute = runs + 1, clock.now + 60
        assert runs < 200, "the backfill does not come to its end"
        if deaths < DEATHS:
            dying.schedule()
            undisturbed, settled = minute, len(workers.settled)
        # Its memory is measured once after the deaths, and once near the end.
        is_next = deaths == DEATHS and len(peaks) < 2 and len(workers.settled) >= (0, COUNT * 0.9)[len(peaks)]
        try:
            if is_next:
                peaks.append(run_measured(fed))
            else:
                fed.run(seconds=75)
        except RetryableError:
            deaths += 1
        workers.sleep(max(0, minute - clock.now))
    workers.sleep(60)
    assert deaths == DEATHS
    assert len(workers.asked) == len(workers.settled) == COUNT
    (job,) = console.json("backfill", "status")["jobs"]
    assert job["listed"] == COUNT
    # Steps that were sent and not saved were sent again.
    assert COUNT - DEATHS * 100 <= job["sent"] <= COUNT
    # A run that a death ends may leave the workers without work for a minute. From then on they have always some.
    assert clock.now - undisturbed <= (COUNT - settled) / RATE + 60
    assert workers.longest <= 60 * RATE
    (early, _), (late, _) = peaks
    assert late <= early * 1.2, f"{early} bytes at first, and {late} near the end"
    assert max(kept for _, kept in peaks) - others <= PAGE
