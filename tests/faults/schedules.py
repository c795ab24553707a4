"""Random schedules: whatever users, S3, Lambda, SQS, AWS, the service and the clock may do, in any order.

Hypothesis prints a failing schedule as calls of these methods. Pasted into test_found.py, they are a test.
"""

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.faults import path_steps, pictures, proofs
from tests.faults.aws_faults import AWS_FAULTS
from tests.faults.calls import DEATHS
from tests.faults.cloud import KEY
from tests.faults.counts import Counts
from tests.faults.functions import ON_RETRY
from tests.faults.service import SERVICE_FAULTS
from tests.faults.world import World

KEYS = ("a.jpg", "b/ö +%.jpg")
TAGS = {"no tags": {}, "own tags": path_steps.OWN_TAGS, "ten tags": path_steps.TEN_TAGS}
ACTS = ("delete", "overwrite", "mark deleted")
OTHER_KEY = "ANOTHER-KEY-THAT-NOBODY-MAY-SEE"
_some = st.integers(0, 5)
_few = st.lists(_some, max_size=3)
_pictures = st.tuples(st.sampled_from(list(pictures.BYTES)), st.sampled_from(KEYS), st.sampled_from(list(TAGS)))
_service_fault = st.tuples(st.just("match.send"), st.sampled_from(SERVICE_FAULTS))
_aws_fault = st.tuples(st.deferred(lambda: st.sampled_from(Schedule.operations)), st.sampled_from(AWS_FAULTS))
_fault = st.one_of(_aws_fault, _service_fault)


class Schedule(RuleBasedStateMachine):
    """One schedule. A number `n` names the nth of the uploads, events or messages that there are, cyclically."""

    world: ClassVar[World]
    counts: ClassVar[Counts]
    # All that the paths call, found by running them.
    operations: ClassVar[list[str]]
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
        """Make and plan these before anything is delivered. An upload has failed after `days`."""
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
        """Upload a picture under a key, with its user's tags."""
        picture, key, tags = one
        self.world.upload(picture, key, TAGS[tags])

    @rule(which=_some, act=st.sampled_from(ACTS), n=st.integers(0, 16))
    def act(self, which: int, act: str, n: int) -> None:
        """Let a user act on an upload, now or just before the nth call from now."""
        if n:
            self._at(n, lambda: self._act(which, act))
        else:
            self._act(which, act)

    # ------------------------------------------------------------ deliveries

    @rule(which=_some)
    def deliver(self, which: int) -> None:
        """Deliver an event, for the first time or again."""
        self.world.deliver(*_chosen(self.world.events, [which]))

    @precondition(lambda self: self.world.queues["RetryQueue"])
    @rule(which=st.lists(_some, min_size=1, max_size=4))
    def deliver_messages(self, which: list[int]) -> None:
        """Deliver a batch of messages in this order."""
        self.world.deliver_messages(*_chosen(self.world.queues["RetryQueue"], which))

    @rule(events=_few, first=_few, second=_few, seed=st.integers(0, 99))
    def deliver_together(self, events: list[int], first: list[int], second: list[int], seed: int) -> None:
        """Deliver events and two batches at the same time. The seed decides the order of their calls."""
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
        """Let the process die that makes the nth call from now."""
        self._at(n, dies)

    @rule(fault=_fault, count=st.integers(1, 12))
    def fails(self, fault: tuple[str, str], count: int) -> None:
        """Let the next `count` calls of an operation fail in one way."""
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
        """Put a key into the secret that the service does not take."""
        self.world.secrets.append(OTHER_KEY)
        self.world.calls.disturbed = True
        self.world.cloud.put_key(OTHER_KEY, taken=False)

    def _heal(self) -> None:
        self.world.calls.heal()
        self.world.cloud.put_key(KEY)

    def teardown(self) -> None:
        """Heal and deliver everything. Then every invariant must hold."""
        self._heal()
        self.world.drain()
        self.counts.schedules["with versions" if self.versioned else "without versions"] += 1
        self.world.check()

    def _at(self, n: int, what: Any) -> None:
        self.world.calls.at[len(self.world.calls.history) + n] = what

    def _act(self, which: int, act: str) -> None:
        [upload] = _chosen(self.world.uploads, [which])
        if act == "delete":
            self.world.delete(upload)
        elif act == "overwrite":
            self.world.upload("clean too", upload.key)
        else:
            self.world.mark_deleted(upload.key)


class WithoutVersions(Schedule):
    """A schedule in a bucket without versions."""

    versioned = False


def _chosen(things: list[Any], which: list[int]) -> list[Any]:
    """Return the things of these numbers, each once."""
    return list(dict.fromkeys(things[n % len(things)] for n in which)) if things else []
