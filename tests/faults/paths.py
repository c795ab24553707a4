"""The ways that an upload can go: each makes a world ready in which all else is delivery. For the crash points."""

import json
from collections.abc import Callable
from typing import Final

from tests.faults.calls import Outside
from tests.faults.functions import HAS_SWEEP
from tests.faults.invariants import Uploaded
from tests.faults.proofs import CHECKSUM
from tests.faults.world import World

Path = Callable[[World], object]

TEN_TAGS = {f"tag{n}": "of the user" for n in range(10)}
OWN_TAGS = {"owner": "user", "scan-status": "clean"}  # the uploader's own word for it counts for nothing
OVERDUE = 2000.0  # seconds after which the sweep finds it
HARDLY_PATIENT = {"RETRY_FOR_DAYS": "0.0001"}


def _fast(picture: str, **tags: str) -> Path:
    return lambda world: world.upload(picture, tags=tags or {"owner": "user"})


def _by_queue(picture: str) -> Path:
    """Lambda gave the invocation up, and its destination has it."""
    return lambda world: to_queue(world, world.upload(picture, tags={"owner": "user"}))


def _by_backfill(picture: str) -> Path:
    return lambda world: world.backfill(world.upload(picture))


def _by_sweep(picture: str) -> Path:
    """Begun by a process that died, and its message vanished: only the result is left."""

    def path(world: World) -> None:
        world.upload(picture)
        world.calls.at[2] = "dies before"
        world.deliver(*world.events)
        world.events.clear()
        world.vanished = True
        world.clock.advance(OVERDUE)

    return path


def to_queue(world: World, upload: Uploaded) -> Uploaded:
    """What was on its way to the fast path is in the retry queue."""
    world.put("RetryQueue", json.dumps({"requestPayload": world.take_event(upload)}), 0.0)
    return upload


def _service(kind: str, count: int = 1, picture: str = "match") -> Path:
    """The service answers that way first."""

    def path(world: World) -> None:
        world.upload(picture)
        world.fail("match.send", kind, count)

    return path


def _aws(name: str, kind: str, count: int, picture: str = "match") -> Path:
    def path(world: World) -> None:
        world.upload(picture)
        world.fail(name, kind, count)

    return path


def _deleted(world: World) -> None:
    world.delete(world.upload("match"))


def _below_a_marker(world: World) -> None:
    world.upload("match")
    world.mark_deleted("a.jpg")


def _overwritten(world: World) -> None:
    world.upload("match")
    world.upload("clean")


def _no_slot(world: World) -> None:
    """Others have taken the slots of a minute."""
    world.upload("match")
    world.take_slots(600)


def _away(world: World) -> None:
    """One failure more, and the service is taken for away."""
    world.upload("match")
    world.set_limiter("failures", 9)
    world.fail("match.send", "503", 2)


def _new_key(world: World) -> None:
    """The key was changed at the service, and the secret has the new one only later."""
    world.calls.disturbed = True
    world.upload("match")
    world.cloud.put_key("ANOTHER-KEY-THAT-NOBODY-MAY-SEE", taken=False)
    world.secrets.append("ANOTHER-KEY-THAT-NOBODY-MAY-SEE")
    world.deliver(*world.events)
    world.cloud.put_key("THE-SUBSCRIPTION-KEY-THAT-NOBODY-MAY-SEE")


def _given_up(world: World) -> None:
    world.upload("match")
    world.fail("match.send", "3004", 60)


def _redriven(world: World) -> None:
    _given_up(world)
    world.drain(heal=False)
    world.calls.faults.clear()
    world.redrive()


def _batch(world: World) -> None:
    """Messages of all kinds, which one process works together."""
    for number, picture in enumerate(("clean", "match", "damaged", "match")):
        to_queue(world, world.upload(picture, key=f"{number}.jpg"))


def _known_again(world: World) -> None:
    """The bytes of a quarantined match once more, while the service fails."""
    world.upload("match", key="a.jpg")
    world.deliver(*world.events)
    world.upload("match", key="b.jpg")
    world.fail("match.send", "503", 3)


def _several_records(world: World) -> None:
    """One event with more than one record."""
    first, second = world.upload("match", key="a.jpg"), world.upload("clean", key="b.jpg")
    records = [record for one in (first, second) for record in world.take_event(one)["Records"]]
    world.expect({"Records": records})


def _duplicates(world: World) -> None:
    """The same event twice at the same time, and a message of it."""
    upload = world.upload("match")
    event = world.events[0].event
    world.expect(event)
    world.put("RetryQueue", json.dumps(event), 0.0)
    assert upload
    world.deliver(*world.events, together=[("OnRetryFunction", list(world.queues["RetryQueue"]))], seed=1)


def _twice_the_same(world: World) -> None:
    """The same bytes under the same key, again after the first were dealt with."""
    world.upload("match")
    world.drain(heal=False)
    world.upload("match")


def _unreadable(world: World) -> None:
    world.put("RetryQueue", '{"upload": 7}', 0.0)
    world.put("RetryQueue", "no JSON", 0.0)
    to_queue(world, world.upload("match"))


VERSIONED: Final[dict[str, Path]] = {
    "clean, fast": _fast("clean"),
    "clean, retry": _by_queue("clean"),
    "match, fast": _fast("match"),
    "match, retry": _by_queue("match"),
    "match, backfill": _by_backfill("match"),
    "unscannable, fast": _fast("small"),
    "by value, fast": _fast("damaged"),
    "skipped, fast": _fast("text"),
    "clean with ten tags": lambda world: world.upload("clean", tags=TEN_TAGS),
    "unscannable that says it is clean": _fast("small", **OWN_TAGS),
    "deleted before the look": _deleted,
    "below a delete marker": _below_a_marker,
    "a match below a clean version": _overwritten,
    "throttled by the service": _service("429"),
    "key changed": _new_key,
    "service away": _away,
    "service does not answer": _service("timeout", 2),
    "no slot": _no_slot,
    "the table is throttled": _aws("dynamodb.UpdateItem", "throttled 400", 3),
    "S3 is throttled": _aws("s3.GetObject", "throttled", 3),
    "no secret": _aws("secretsmanager.GetSecretValue", "denied", 1),
    "the queue is throttled": lambda world: (_no_slot(world), world.fail("sqs.SendMessage", "throttled 400", 3)),
    "given up": _given_up,
    "redriven": _redriven,
    "known again while the service is away": _known_again,
    "match under legal hold": _fast("match"),
    "a batch of all kinds": _batch,
    "an event with two records": _several_records,
    "delivered three times at once": _duplicates,
    "unreadable messages beside a match": _unreadable,
}
UNVERSIONED: Final[dict[str, Path]] = {
    "clean, without versions": _fast("clean"),
    "match, without versions": _fast("match"),
    "match, without versions, retry": _by_queue("match"),
    "unscannable, without versions": _fast("small"),
    "deleted, without versions": _deleted,
    "overwritten, without versions": _overwritten,
    "the same match twice, without versions": _twice_the_same,
    "delivered three times at once, without versions": _duplicates,
}
SWEPT: Final[dict[str, Path]] = {"match, sweep": _by_sweep("match")}
PATHS: Final = {name: (True, path) for name, path in (VERSIONED | (SWEPT if HAS_SWEEP else {})).items()} | {
    name: (False, path) for name, path in UNVERSIONED.items()
}
SETTINGS: Final = {
    "given up": HARDLY_PATIENT,
    "redriven": HARDLY_PATIENT,
    "match under legal hold": {"LEGAL_HOLD": "on"},
}


def begin(world: World, name: str, n: int = 0, planned: str | Outside = "", proof: str = CHECKSUM) -> None:
    """Makes the world ready for that path; at the nth call from then on happens what is planned."""
    versioned, path = PATHS[name]
    world.begin(versioned, proof, **SETTINGS.get(name, {}))
    if n:
        world.calls.at[n] = planned
    path(world)
