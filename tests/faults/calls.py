"""Every call that a process makes, to AWS or to the Match service, goes through here. It may fail or be the last."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.interleaving import Baton, Clock

CALL_SECONDS = 0.002
# Less than the application waits for.
SLOW_SECONDS = 9.0

BEFORE, AFTER = "dies before", "dies after"
DEATHS = (BEFORE, AFTER)


class Death(BaseException):
    """The process is killed: no line of it runs any more."""


@dataclass(frozen=True)
class Call:
    """`name` as "s3.DeleteObject" or "match.send"; `n`, from 1, within the whole run."""

    name: str
    n: int


@dataclass
class Fault:
    """A fault of the next `left` calls of one name."""

    name: str
    kind: str
    left: int = 1


@dataclass(eq=False)
class Process:
    """One run of a function, with whose memory it ends. It times out at `ends_at`, in epoch seconds."""

    function: str
    ends_at: float
    dead: bool = False
    calls: list[Call] = field(default_factory=list)


Outside = Callable[[], None]


class Calls:
    """The calls of all processes. `faults` wait for calls of their name. `disturbed`: some fault or death happened."""

    def __init__(self, clock: Clock, baton: Baton) -> None:
        self._clock, self._baton = clock, baton
        self.injected: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget all calls and faults. The counts stay."""
        self.faults: list[Fault] = []
        # What becomes of the nth call of the run, or happens just before it.
        self.at: dict[int, str | Outside] = {}
        self.history: list[Call] = []
        self.disturbed = False
        self.after_each: Callable[[str], None] = lambda name: None

    def make(self, name: str, perform: Callable[[], Any], failing: Callable[[str, Callable[[], Any]], Any]) -> Any:
        """Make one call by `perform`, or by `failing(kind, perform)`, which may perform it and then fails."""
        process: Process = self._baton.owner
        self._baton.pause()
        planned = self._begin(process, name)
        if planned == BEFORE:
            self._kill(process, BEFORE)
        kind = planned if planned and planned not in DEATHS else self._fault(name)
        if kind:
            self.injected[kind] += 1
            self.disturbed = True
        if kind == "slow":
            self._baton.sleep(SLOW_SECONDS)
        try:
            return failing(kind, perform) if kind and kind != "slow" else perform()
        finally:
            self.after_each(name)
            if planned == AFTER:
                self._kill(process, AFTER)

    def alive(self) -> None:
        """Raise Death if the process is dead or its time is over."""
        process = self._baton.owner
        if process is not None and process.dead:
            raise Death
        if process is not None and self._clock.now() > process.ends_at:
            self._kill(process, "times out")

    def heal(self) -> None:
        """Let no call fail any more."""
        self.faults.clear()
        self.at.clear()

    def _begin(self, process: Process, name: str) -> str | None:
        self._clock.advance(CALL_SECONDS)
        self.alive()
        call = Call(name, len(self.history) + 1)
        self.history.append(call)
        process.calls.append(call)
        self.seen[name] += 1
        planned = self.at.pop(call.n, None)
        if callable(planned):
            self._outside(planned)
            return None
        # "throttled x3" is planned for this call and the next two.
        if planned and " x" in planned:
            planned, _, times = planned.partition(" x")
            if int(times) > 1:
                self.faults.append(Fault(name, planned, int(times) - 1))
        return planned

    def _outside(self, happens: Outside) -> None:
        """Let something happen outside of the process while it runs."""
        with self._baton.outside():
            happens()

    def _kill(self, process: Process, how: str) -> None:
        process.dead = self.disturbed = True
        self.injected[how] += 1
        self._baton.wake(process)
        raise Death(how)

    def _fault(self, name: str) -> str | None:
        for fault in self.faults:
            if fault.name == name:
                fault.left -= 1
                if not fault.left:
                    self.faults.remove(fault)
                return fault.kind
        return None
