"""What happens to the uploads of each path before the deliveries."""

import json
from collections.abc import Callable

from ops.guardctl.decide import send_decided
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from ops.stack import Stack
from photodna_guard.domain.timestamps import to_iso
from tests.faults.observed import Uploaded
from tests.faults.world import World

Path = Callable[[World], object]
TEN_TAGS = {f"tag{n}": "of the user" for n in range(10)}
# A status that the uploader sets must count for nothing.
OWN_TAGS = {"owner": "user", "scan-status": "clean"}
# By this call of a fresh upload its result is there: the limiter was asked about a burst, and the upload has begun.
CALLS_TO_BEGIN = 2
# The sweep finds an upload after this.
OVERDUE = 2000.0  # seconds
HARDLY_PATIENT = {"RETRY_FOR_DAYS": "0.0001"}


def upload_on_fast_path(picture: str, **tags: str) -> Path:
    return lambda world: world.upload(picture, tags=tags or {"owner": "user"})


def upload_by_queue(picture: str) -> Path:
    """Upload, and put the event into the retry queue, as Lambda's destination does."""
    return lambda world: to_queue(world, world.upload(picture, tags={"owner": "user"}))


def upload_by_backfill(picture: str) -> Path:
    return lambda world: world.backfill(world.upload(picture))


def upload_by_sweep(picture: str) -> Path:
    """Upload, and let the process die and its message vanish, so that only the result is left."""

    def path(world: World) -> None:
        world.upload(picture)
        world.calls.at[CALLS_TO_BEGIN + 1] = "dies before"
        world.deliver(*world.events)
        world.events.clear()
        world.vanished = True
        world.clock.advance(OVERDUE)

    return path


def to_queue(world: World, upload: Uploaded) -> Uploaded:
    """Move the upload's event from the fast path to the retry queue."""
    world.put("RetryQueue", json.dumps({"requestPayload": world.take_event(upload)}), 0.0)
    return upload


def service_fails(kind: str, count: int = 1, picture: str = "match") -> Path:
    """Upload, and let the first requests to the service fail in this way."""

    def path(world: World) -> None:
        world.upload(picture)
        world.fail("match.send", kind, count)

    return path


def aws_fails(name: str, kind: str, count: int, picture: str = "match") -> Path:
    def path(world: World) -> None:
        world.upload(picture)
        world.fail(name, kind, count)

    return path


def upload_and_delete(world: World) -> None:
    world.delete(world.upload("match"))


def upload_below_a_marker(world: World) -> None:
    world.upload("match")
    world.mark_deleted("a.jpg")


def upload_and_overwrite(world: World) -> None:
    world.upload("match")
    world.upload("clean")


def no_slot(world: World) -> None:
    """Upload after others reserved the slots of a minute."""
    world.upload("match")
    world.take_slots(600)


def queue_throttled(world: World) -> None:
    no_slot(world)
    world.fail("sqs.SendMessage", "throttled 400", 3)


def service_unavailable(world: World) -> None:
    """Upload while one failure more opens the circuit breaker."""
    world.upload("match")
    world.set_limiter("failures", 9)
    world.fail("match.send", "503", 2)


def key_changed(world: World) -> None:
    """Change the key at the service, and put it into the secret only later."""
    world.calls.disturbed = True
    world.upload("match")
    world.cloud.put_key("ANOTHER-KEY-THAT-NOBODY-MAY-SEE", taken=False)
    world.secrets.append("ANOTHER-KEY-THAT-NOBODY-MAY-SEE")
    world.deliver(*world.events)
    world.cloud.put_key("THE-SUBSCRIPTION-KEY-THAT-NOBODY-MAY-SEE")


def given_up(world: World) -> None:
    world.upload("match")
    world.fail("match.send", "3004", 60)


def given_up_and_redriven(world: World) -> None:
    given_up(world)
    world.drain(heal=False)
    world.calls.faults.clear()
    world.redrive()


def batch_of_all_kinds(world: World) -> None:
    """Put messages of all kinds into the retry queue, for one batch."""
    for number, picture in enumerate(("clean", "match", "damaged", "match")):
        to_queue(world, world.upload(picture, key=f"{number}.jpg"))


def known_hash(world: World) -> None:
    """Upload the bytes of a quarantined match again, while the service fails."""
    world.upload("match", key="a.jpg")
    world.deliver(*world.events)
    world.upload("match", key="b.jpg")
    world.fail("match.send", "503", 3)


def rescanned(world: World) -> None:
    """Let an operator ask for a new check of a settled upload, which costs a request more."""
    upload = world.upload("clean")
    world.deliver(*world.events)
    world.calls.disturbed = True
    _ask_for_rescan(world, upload)


def _ask_for_rescan(world: World, upload: Uploaded) -> None:
    known = {"bucket": upload.bucket, "key": upload.key, "etag": upload.etag, "version_id": upload.version_id}
    asked = {"rescan": True, "reopen_settled_until": to_iso(world.clock.now())}
    world.put("RetryQueue", json.dumps({"upload": known} | asked), 0.0)


def decided(picture: str, is_allowed: bool, is_sent: bool = True, is_rescanned: bool = False) -> Path:
    """Let an operator decide about a settled upload.

    `is_sent`: guardctl did not die between its write and its messages; `is_rescanned`: it is checked again after it.
    """

    def path(world: World) -> None:
        upload = world.upload(picture, tags={"owner": "user"})
        world.drain(heal=False)
        target, uri = _operate(world), f"s3://{upload.bucket}/{upload.key}"
        (item,) = Results(target).read_versions(uri)
        decision = {"allowed": is_allowed, "by": "ann", "at": to_iso(world.clock.now()), "reason": "seen"}
        assert Results(target).decide(item, decision, world.clock.now())
        if is_sent:
            send_decided(target, item)
            world.take_sent()
        else:
            world.vanished = True
            world.clock.advance(OVERDUE)
        if is_rescanned:
            world.calls.disturbed = True
            _ask_for_rescan(world, upload)

    return path


def _operate(world: World) -> Target:
    outputs = {"ResultsTableName": "ResultsTable", "RetryQueueUrl": "RetryQueue"}
    stack = Stack("faults", {name: world.cloud.physical(resource) for name, resource in outputs.items()}, {})
    return Target(stack, "ann", world.cloud.session.client, world.clock.now)


def several_records(world: World) -> None:
    """Upload twice, with one event for both."""
    first, second = world.upload("match", key="a.jpg"), world.upload("clean", key="b.jpg")
    records = [record for one in (first, second) for record in world.take_event(one)["Records"]]
    world.expect({"Records": records})


def duplicates(world: World) -> None:
    """Deliver the same event twice at the same time, and a message of it."""
    upload = world.upload("match")
    event = world.events[0].event
    world.expect(event)
    world.put("RetryQueue", json.dumps(event), 0.0)
    assert upload
    world.deliver(*world.events, together=[("OnRetryFunction", list(world.queues["RetryQueue"]))], seed=1)


def same_match_twice(world: World) -> None:
    """Upload the same bytes under the same key again after the first are settled."""
    world.upload("match")
    world.drain(heal=False)
    world.upload("match")


def unreadable_messages(world: World) -> None:
    world.put("RetryQueue", '{"upload": 7}', 0.0)
    world.put("RetryQueue", "no JSON", 0.0)
    to_queue(world, world.upload("match"))
