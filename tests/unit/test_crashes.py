"""A worker that dies at any call, before it or after it, and deliveries that go on as Lambda and SQS would have them.

Every call of every path is a crash point, found by running it: a new call is covered without anyone listing it.
"""

from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.domain.errors import Busy
from photodna_guard.domain.models import Delivery, Kind, Status, Verdict
from tests.unit.fakes import JPEG, MATCH, World, upload

PATHS: dict[str, dict[str, Any]] = {
    "clean": {},
    "match": {"truth": MATCH},
    "deferred, then clean": {"answers": [Verdict(Kind.AWAY, "http-500")]},
    "deferred, then a match": {"answers": [Verdict(Kind.AWAY, "http-500")], "truth": MATCH},
    "throttled, then a match": {"answers": [Verdict(Kind.THROTTLED, "http-429", retry_after=1.0)], "truth": MATCH},
    "by value, then a match": {"answers": [Verdict(Kind.NOT_VERIFIED, "service-3206")], "truth": MATCH},
    "key refused": {"answers": [Verdict(Kind.KEY_REFUSED, "http-401")] * 2},
    "unscannable": {"objects": {"a.jpg": b"\0\1\2\3" * 20}},
    "skipped": {"objects": {"a.jpg": b"words"}},
    "gone": {"objects": {}},
    "given up": {"truth": Verdict(Kind.AWAY, "http-500"), "retry_for": 0.0},
    "no slot": {"no_slot": True},
}
LIMIT = 60  # calls of the longest path, and more


class Death(BaseException):
    """The process is gone: nothing catches it."""


class Reaper:
    """Kills at the nth call, before its effect or after it."""

    def __init__(self, fatal: int, after: bool) -> None:
        self.fatal, self.after, self.count = fatal, after, 0
        self.done: list[str] = []  # the calls that had their effect

    def watch(self, world: World, part: str, name: str) -> None:
        fake = getattr(world, part)
        inner = getattr(fake, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            mine = self.count
            if mine == self.fatal and not self.after:
                raise Death
            try:
                result = inner(*args, **kwargs)
                self.done.append(f"{part}.{name}")
                return result
            finally:
                if mine == self.fatal:
                    raise Death

        setattr(fake, name, call)


CALLS = {
    "ledger": ("begin", "known", "matched", "copied", "defer", "settle", "announced"),
    "uploads": ("look", "read", "tag", "delete"),
    "quarantine": ("keep", "find", "file"),
    "bound": ("admit",),
    "event_bus": ("settled",),
    "limiter": ("reserve", "pause"),
    "matcher": ("send",),
    "retry_queue": ("send", "give_up"),
}


def a_world(
    answers: list[Verdict] | None = None,
    truth: Verdict | None = None,  # what the service says of the picture once it answers
    objects: dict[str, bytes] | None = None,
    retry_for: float = 3 * 86400,
    no_slot: bool = False,
) -> World:
    world = World(*(answers or []), objects=objects, retry_for=retry_for)
    world.matcher.truth = truth or world.matcher.truth
    if no_slot:
        world.limiter.fails = {"reserve": [Busy("no slot")]}
    return world


def lived_through(path: str, reaper: Reaper) -> tuple[World, bool]:
    """The world once everything has been delivered, and whether anybody died on the way."""
    world = a_world(**PATHS[path])
    for part, names in CALLS.items():
        for name in names:
            reaper.watch(world, part, name)
    waiting, died = [Delivery(upload())], False
    for _ in range(20):
        if not waiting:
            break
        delivery = waiting.pop(0)
        try:
            (done,) = world.scanner.scan([delivery])
        except Death:
            done, died = False, True
            world.ledger.leases.clear()  # they end by themselves, before anything is delivered again
        if not done:
            waiting.append(delivery)
        waiting += [again for again, _ in world.retry_queue.sent]
        world.retry_queue.sent.clear()
    assert not waiting, "something goes round for ever"
    return world, died


def check(world: World, path: str) -> None:
    """The invariants, from what is in the buckets, the table and the queues."""
    record = world.ledger.records["v1a.jpg"]
    assert record.status.settled, "an upload was lost"
    if PATHS[path].get("truth") is MATCH:
        assert record.status is Status.QUARANTINED
        assert "a.jpg" not in world.uploads.objects, "a match stays readable"
    if "a.jpg" not in world.uploads.objects and path != "gone":
        assert world.quarantine.copies["a.jpg"] == (JPEG, False), "a source went without its copy"
        assert world.quarantine.evidence, "a source went, and nothing says why"
    if record.status is not Status.CLEAN:
        assert ("a.jpg", record.status) in world.event_bus.told, "nobody was told"
    if record.status is Status.FAILED:
        assert world.retry_queue.dead, "given up, and nobody is told"
    if record.status is Status.CLEAN:
        assert world.uploads.tags == {"a.jpg": "clean"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("path", PATHS)
def test_a_death_at_any_call_loses_nothing_and_leaves_no_match_readable(path: str, after: bool) -> None:
    deaths = 0
    for fatal in range(1, LIMIT):
        world, died = lived_through(path, Reaper(fatal, after))
        deaths += died
        check(world, path)
        if not died:
            break
    assert deaths >= 2, "the path has more calls than that"
    assert not died, "the limit is too low for this path"


def test_where_nobody_dies_one_version_costs_one_request() -> None:
    for path in ("clean", "match"):
        world, _ = lived_through(path, Reaper(0, after=False))
        assert len(world.matcher.sent) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_once_a_match_is_written_down_nobody_asks_the_service_again(after: bool) -> None:
    for fatal in range(1, LIMIT):
        reaper = Reaper(fatal, after)
        _, died = lived_through("match", reaper)
        written = reaper.done.index("ledger.matched")
        assert "matcher.send" not in reaper.done[written:]
        if not died:
            break


def test_a_stale_delivery_after_the_end_changes_nothing() -> None:
    world, _ = lived_through("match", Reaper(0, after=False))
    before = replace(world.ledger.records["v1a.jpg"])
    assert world.scan() == [True]
    assert world.ledger.records["v1a.jpg"] == before
