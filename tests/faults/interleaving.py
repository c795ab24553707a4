"""A clock of its own, and threads that take turns. One runs at a time, and the next is chosen and not raced for.

So a run is the same each time, an hour passes in no time, and workers meet at every call in every order.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

# Epoch seconds later than the real time, so that the locks of this clock hold in moto too.
START = 1_900_000_000.0
# A run takes a second at most.
MAX_RUN_SECONDS = 60.0


class Clock:
    """Epoch seconds that pass only by `advance`."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += max(0.0, seconds)


@dataclass(eq=False)
class Task:
    """One thread of the process `owner`. It runs while it holds the baton, and not before `wake`."""

    owner: Any
    wake: float = 0.0
    waits_for: "Result | None" = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Result(Future[Any]):
    """The result of a task. Waiting for it hands the baton on."""

    def __init__(self, baton: "Baton") -> None:
        super().__init__()
        self._baton = baton

    def result(self, timeout: float | None = None) -> Any:
        self._baton.wait(self)
        return super().result(0)


class TurnLock:
    """A lock for which a task waits by handing the baton on. With threading's own, a waiting task would keep it."""

    def __init__(self, baton: "Baton") -> None:
        self._baton = baton
        self._held: Result | None = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        while self._held is not None:
            if not blocking:
                return False
            assert self._baton.owner, "nobody will release this lock"
            self._baton.wait(self._held)
        self._held = Result(self._baton)
        return True

    def release(self) -> None:
        held, self._held = self._held, None
        assert held, "this lock is not held"
        held.set_result(None)

    def locked(self) -> bool:
        return self._held is not None


Choose = Callable[[list[Task], Task | None], Task]


def one_after_the_other(ready: list[Task], me: Task | None) -> Task:
    """Let the running task go on until it waits."""
    return me if me in ready else ready[0]


class Baton:
    """Runs tasks. `choose` picks the next of those that can go on."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.choose = clock, one_after_the_other
        self._tasks: list[Task] = []
        self._current: Task | None = None
        self._end = threading.Semaphore(0)

    @property
    def owner(self) -> Any:
        """The process whose task runs; None outside of any."""
        return self._current.owner if self._current else None

    def run(self, *work: tuple[Any, Callable[[], Any]]) -> list[Result]:
        """Run each (owner, function) until all have ended."""
        outside, self._current = self._current, None
        assert outside is None, "a run within a run"
        results = [self.spawn(owner, function) for owner, function in work]
        self._hand_on(None)
        if not self._end.acquire(timeout=MAX_RUN_SECONDS):
            raise TimeoutError("a task keeps the baton: it waits outside of this module, for a lock perhaps")
        return results

    def spawn(self, owner: Any, function: Callable[[], Any]) -> Result:
        """Add a task, which runs when it is chosen."""
        task, result = Task(owner, self._clock.now()), Result(self)
        # A pool has a thread for each task, so none is cancelled.
        result.set_running_or_notify_cancel()

        def body() -> None:
            task.go.acquire()
            try:
                result.set_result(function())
            except BaseException as error:  # noqa: BLE001 - `result` raises it
                result.set_exception(error)
            self._tasks.remove(task)
            self._hand_on(None)

        self._tasks.append(task)
        threading.Thread(target=body, daemon=True).start()
        return result

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Let what the block does belong to no process."""
        inside, self._current = self._current, None
        try:
            yield
        finally:
            self._current = inside

    def pause(self) -> None:
        """Let another task go on here."""
        me = self._current
        if me and len(self._tasks) > 1:
            self._hand_on(me)

    def sleep(self, seconds: float) -> None:
        """Sleep by the clock, which moves on when no task has anything to do before."""
        me = self._current
        if me is None or len(self._tasks) == 1:
            return self._clock.advance(seconds)
        me.wake = self._clock.now() + max(0.0, seconds)
        return self._hand_on(me)

    def wake(self, owner: Any) -> None:
        """Wake all tasks of a process."""
        for task in self._tasks:
            if task.owner is owner:
                task.wake = 0.0

    def wait(self, result: Result) -> None:
        """Wait until the task of this result has ended."""
        me = self._current
        if me and not result.done():
            me.waits_for = result
            self._hand_on(me)
            me.waits_for = None

    def _hand_on(self, me: Task | None) -> None:
        self._current = chosen = self._next(me)
        if chosen is None:
            self._end.release()
        elif chosen is not me:
            chosen.go.release()
            if me:
                me.go.acquire()

    def _next(self, me: Task | None) -> Task | None:
        awake = [task for task in self._tasks if task.waits_for is None or task.waits_for.done()]
        if not awake:
            return None
        ready = [task for task in awake if task.wake <= self._clock.now()]
        if not ready:
            self._clock.time = min(task.wake for task in awake)
            ready = [task for task in awake if task.wake <= self._clock.now()]
        return ready[0] if len(ready) == 1 else self.choose(ready, me)


@contextmanager
def locks_take_turns(baton: Baton) -> Iterator[None]:
    """Let each lock that is made in the block be a TurnLock."""
    with patch.object(threading, "Lock", lambda: TurnLock(baton)):
        yield


def pools_take_turns(baton: Baton, stack: ExitStack) -> None:
    """Make tasks of the threads of the standard library's pools within a task."""
    submit, shutdown = ThreadPoolExecutor.submit, ThreadPoolExecutor.shutdown
    begun: dict[int, list[Result]] = {}

    def submit_task(pool: ThreadPoolExecutor, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if baton.owner is None:
            return submit(pool, function, *args, **kwargs)
        result = baton.spawn(baton.owner, lambda: function(*args, **kwargs))
        begun.setdefault(id(pool), []).append(result)
        return result

    def shut_down(pool: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for result in begun.pop(id(pool), []):
            baton.wait(result)
        shutdown(pool, wait, cancel_futures=cancel_futures)

    stack.enter_context(patch.object(ThreadPoolExecutor, "submit", submit_task))
    stack.enter_context(patch.object(ThreadPoolExecutor, "shutdown", shut_down))
