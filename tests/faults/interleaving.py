"""A clock of its own, and threads that take turns: only one runs at a time, and who goes on is chosen, not raced for.

So a run is the same each time, an hour passes in no time, and workers meet at every call in every order.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

START = 1_900_000_000.0  # epoch seconds: later than the real time, so that the locks of this clock hold in moto too


class Clock:
    """Epoch seconds that pass only when told to."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += max(0.0, seconds)


@dataclass(eq=False)
class Task:
    """One thread, which runs while it holds the baton."""

    owner: Any  # the process that it belongs to
    wake: float = 0.0  # not before
    waits_for: "Result | None" = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Result(Future[Any]):
    """What a task came to. Waiting for it hands the baton on."""

    def __init__(self, baton: "Baton") -> None:
        super().__init__()
        self._baton = baton

    def result(self, timeout: float | None = None) -> Any:
        self._baton.wait(self)
        return super().result(0)


Choose = Callable[[list[Task], Task | None], Task]


def one_after_the_other(ready: list[Task], me: Task | None) -> Task:
    """Whoever runs goes on until he waits."""
    return me if me in ready else ready[0]


class Baton:
    """Runs tasks. `choose` says who is next of those that can go on."""

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
        """Runs each (owner, function) until all have ended."""
        outside, self._current = self._current, None
        assert outside is None, "a run within a run"
        results = [self.spawn(owner, function) for owner, function in work]
        self._hand_on(None)
        self._end.acquire()
        return results

    def spawn(self, owner: Any, function: Callable[[], Any]) -> Result:
        """Another task; it runs when it is chosen."""
        task, result = Task(owner, self._clock.now()), Result(self)
        result.set_running_or_notify_cancel()  # a pool has a thread for each: nothing that was given to it is cancelled

        def body() -> None:
            task.go.acquire()
            try:
                result.set_result(function())
            except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
                result.set_exception(error)
            self._tasks.remove(task)
            self._hand_on(None)

        self._tasks.append(task)
        threading.Thread(target=body, daemon=True).start()
        return result

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What is done within is nobody's."""
        inside, self._current = self._current, None
        try:
            yield
        finally:
            self._current = inside

    def pause(self) -> None:
        """Here another may go on."""
        me = self._current
        if me and len(self._tasks) > 1:
            self._hand_on(me)

    def sleep(self, seconds: float) -> None:
        """Until the clock says so; it is moved on when nobody has anything to do before."""
        me = self._current
        if me is None or len(self._tasks) == 1:
            return self._clock.advance(seconds)
        me.wake = self._clock.now() + max(0.0, seconds)
        return self._hand_on(me)

    def wake(self, owner: Any) -> None:
        """Nobody of that process sleeps on."""
        for task in self._tasks:
            if task.owner is owner:
                task.wake = 0.0

    def wait(self, result: Result) -> None:
        """Until that task has ended."""
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


def pools_take_turns(baton: Baton, stack: ExitStack) -> None:
    """Within a task, the threads of the standard library's pools are tasks as well."""
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
