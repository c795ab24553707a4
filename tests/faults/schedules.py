"""Random schedules: whatever users, S3, Lambda, SQS, AWS, the service and the clock may do, in any order.

What Hypothesis prints of a failing one are calls of these methods: pasted into test_found.py, they are a test.
"""

import os
from datetime import UTC, datetime
from typing import Any, ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.faults import paths, pictures, proofs
from tests.faults.calls import DEATHS
from tests.faults.cloud import AWS_FAULTS, KEY
from tests.faults.counts import Counts
from tests.faults.functions import ON_RETRY
from tests.faults.service import SERVICE_FAULTS
from tests.faults.world import World

SCHEDULES = int(os.environ.get("FAULT_SCHEDULES", "2000"))
# Others each day, so that each run explores; a number makes a run the same as another, "random" different from all.
SEED = os.environ.get("FAULT_SEED") or f"{datetime.now(UTC):%Y%m%d}"
STEPS = 9
PARTS = 10  # that pytest's workers share out among them
PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("FAULT_SHRINK", "1") == "1" else [])]

KEYS = ("a.jpg", "b/ö +%.jpg")
TAGS = {"no tags": {}, "own tags": paths.OWN_TAGS, "ten tags": paths.TEN_TAGS}
ACTS = ("delete", "overwrite", "mark deleted")
OTHER_KEY = "ANOTHER-KEY-THAT-NOBODY-MAY-SEE"

_some = st.integers(0, 5)
_few = st.lists(_some, max_size=3)
_pictures = st.tuples(st.sampled_from(list(pictures.BYTES)), st.sampled_from(KEYS), st.sampled_from(list(TAGS)))
_service_fault = st.tuples(st.just("match.send"), st.sampled_from(SERVICE_FAULTS))
_aws_fault = st.tuples(st.deferred(lambda: st.sampled_from(Schedule.operations)), st.sampled_from(AWS_FAULTS))
_fault = st.one_of(_aws_fault, _service_fault)


class Schedule(RuleBasedStateMachine):
    """One schedule. A number names an upload, event or message: the so manieth of those that there are, cyclically."""

    world: ClassVar[World]
    counts: ClassVar[Counts]
    operations: ClassVar[list[str]]  # what the paths have called, found by running them
    versioned: ClassVar[bool] = True

    @initialize(
        days=st.sampled_from(["3", "0.01"]),
        proof=st.sampled_from(proofs.PROOFS),
        made=st.lists(_pictures, min_size=1, max_size=3),
        deaths=st.lists(st.tuples(st.integers(1, 40), st.sampled_from(DEATHS)), max_size=3),
        failing=st.lists(st.tuples(_fault, st.integers(1, 7)), max_size=3),
    )
    def begin(
        self,
        days: str,
        made: list[tuple[str, str, str]],
        deaths: list[tuple[int, str]],
        failing: list[tuple[tuple[str, str], int]],
        proof: str = proofs.CHECKSUM,
    ) -> None:
        """`days`: after which an upload is given up; and what is made and planned before anything is delivered."""
        self.world.begin(self.versioned, proof, RETRY_FOR_DAYS=days)
        for one in made:
            self.upload(one)
        for n, dies in deaths:
            self._at(n, dies)
        for fault, count in failing:
            self.world.fail(*fault, count)

    # ------------------------------------------------------------ users

    @rule(one=_pictures)
    def upload(self, one: tuple[str, str, str]) -> None:
        """A picture, its key, and its user's tags."""
        picture, key, tags = one
        self.world.upload(picture, key, TAGS[tags])

    @rule(which=_some, act=st.sampled_from(ACTS), n=st.integers(0, 16))
    def act(self, which: int, act: str, n: int) -> None:
        """What a user does to an upload: now, or just before the nth call from now."""
        if n:
            self._at(n, lambda: self._act(which, act))
        else:
            self._act(which, act)

    # ------------------------------------------------------------ deliveries

    @rule(which=_some)
    def deliver(self, which: int) -> None:
        """An event, be it for the first time or not."""
        self.world.deliver(*_chosen(self.world.events, [which]))

    @precondition(lambda self: self.world.queues["RetryQueue"])
    @rule(which=st.lists(_some, min_size=1, max_size=4))
    def deliver_messages(self, which: list[int]) -> None:
        """A batch of messages, in that order."""
        self.world.deliver_messages(*_chosen(self.world.queues["RetryQueue"], which))

    @rule(events=_few, first=_few, second=_few, seed=st.integers(0, 99))
    def deliver_together(self, events: list[int], first: list[int], second: list[int], seed: int) -> None:
        """Events and two batches at the same time, whose calls come in the order of that seed."""
        queue = self.world.queues["RetryQueue"]
        together = [(ON_RETRY, _chosen(queue, which)) for which in (first, second)]
        self.world.deliver(*_chosen(self.world.events, events), together=together, seed=seed)

    @rule(seconds=st.sampled_from([1.0, 30.0, 170.0, 1000.0, 20_000.0]), sweep=st.booleans())
    def later(self, seconds: float, sweep: bool) -> None:
        self.world.clock.advance(seconds)
        if sweep:
            self.world.sweep()

    @precondition(lambda self: self.world.dead_letters())
    @rule()
    def redrive(self) -> None:
        self.world.redrive()

    # ------------------------------------------------------------ faults

    @rule(n=st.integers(1, 30), dies=st.sampled_from(DEATHS))
    def die_at(self, n: int, dies: str) -> None:
        """Whoever makes the nth call from now."""
        self._at(n, dies)

    @rule(fault=_fault, count=st.integers(1, 12))
    def fails(self, fault: tuple[str, str], count: int) -> None:
        """The next so many calls of that name, in that way."""
        self.world.fail(*fault, count)

    @rule(what=st.sampled_from(["nobody connects", "slots run out", "another key", "healed"]))
    def odd(self, what: str) -> None:
        if what == "nobody connects":
            self.world.fail("match.connect", "refused", 2)
        elif what == "slots run out":
            self.world.take_slots(100)
        elif what == "another key":
            self._change_key()
        else:
            self._heal()

    def _change_key(self) -> None:
        """The secret has a key that the service does not take."""
        self.world.secrets.append(OTHER_KEY)
        self.world.calls.disturbed = True
        self.world.cloud.put_key(OTHER_KEY, taken=False)

    def _heal(self) -> None:
        self.world.calls.heal()
        self.world.cloud.put_key(KEY)

    def teardown(self) -> None:
        """All is healed and delivered; then everything must hold."""
        self._heal()
        self.world.drain()
        self.counts.schedules["with versions" if self.versioned else "without versions"] += 1
        self.world.check()

    def _at(self, n: int, what: Any) -> None:
        self.world.calls.at[len(self.world.calls.made) + n] = what

    def _act(self, which: int, act: str) -> None:
        [upload] = _chosen(self.world.uploads, [which])
        if act == "delete":
            self.world.delete(upload)
        elif act == "overwrite":
            self.world.upload("clean too", upload.key)
        else:
            self.world.mark_deleted(upload.key)


class WithoutVersions(Schedule):
    """In a bucket without versions."""

    versioned = False


def _chosen(things: list[Any], which: list[int]) -> list[Any]:
    """Those of that number, each once."""
    return list(dict.fromkeys(things[n % len(things)] for n in which)) if things else []


def prepare(world: World, counts: Counts) -> None:
    """Finds the operations that there are, by running all paths: once in a world."""
    Schedule.counts = counts
    if getattr(Schedule, "world", None) is world:
        return
    Schedule.world = world
    for name in paths.PATHS:
        paths.begin(world, name)
        world.drain(heal=False)
    Schedule.operations = sorted(name for name in world.calls.seen if not name.startswith("match."))
    assert Schedule.operations


def run(machine: type[Schedule], part: int) -> None:
    """One part of the schedules."""
    schedules = -(-SCHEDULES // PARTS)
    Schedule.counts.seeds.add(SEED)
    if SEED != "random":
        machine = hypothesis.seed(PARTS * int(SEED) + part)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=schedules,
            stateful_step_count=STEPS,
            deadline=None,
            phases=PHASES,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        ),
    )


def ready(machine: type[Schedule], world: World, counts: Counts) -> Schedule:
    """One whose steps a test takes itself."""
    Schedule.world, Schedule.counts = world, counts
    return machine()
