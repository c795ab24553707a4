"""core.py and the loop that performs its commands, without a table and without time."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError, ServiceUnreachableError
from photodna_guard.rate_limiter.commands import Command, CountFailure, MakeReady, Read, Reply, Reserve, Sleep, Steps
from photodna_guard.rate_limiter.core import MAX_REFUSED_WRITES, LimiterCore
from photodna_guard.rate_limiter.gcra import LIVE, RETRY, LimiterState, Priority, Spacing
from photodna_guard.rate_limiter.limiter import run
from photodna_guard.rate_limiter.server_clock import ServerClock

NOW = 1_800_000_000.0


def core(priority: Priority = LIVE) -> LimiterCore:
    return LimiterCore(Spacing.of(10, 25), priority, lambda: NOW, ServerClock(), lambda *_: 0.0)


def answers(performed: list[Command], answer: Callable[[Command], Any]) -> Callable[[Command], Any]:
    """Note each command, and answer it."""

    def perform(command: Command) -> Any:
        performed.append(command)
        return answer(command)

    return perform


def test_commands_are_performed_in_order_and_replies_are_sent() -> None:
    def steps() -> Steps[list[str]]:
        return [(yield Sleep(1)), (yield Sleep(2))]

    performed: list[Command] = []
    assert run(steps(), answers(performed, lambda command: f"reply to {command}")) == [
        f"reply to {Sleep(1)}",
        f"reply to {Sleep(2)}",
    ]
    assert performed == [Sleep(1), Sleep(2)]


def test_error_of_a_command_is_raised_where_it_was_yielded() -> None:
    def steps() -> Steps[str]:
        with suppress(RetryableError):
            yield Sleep(1)
        yield Sleep(2)
        return "went on"

    def fail_first(command: Command) -> None:
        if command == Sleep(1):
            raise RetryableError("failed")

    performed: list[Command] = []
    assert run(steps(), answers(performed, fail_first)) == "went on"
    assert performed == [Sleep(1), Sleep(2)]


def test_error_that_steps_do_not_suppress_is_raised() -> None:
    def fail(command: Command) -> None:
        if isinstance(command, MakeReady):
            raise ServiceUnreachableError("no-connection")

    performed: list[Command] = []
    with pytest.raises(ServiceUnreachableError, match="no-connection"):
        run(core().reserve(1), answers(performed, fail))
    assert performed == [MakeReady()], "no slot is taken"


def test_steps_without_a_command_return_their_result() -> None:
    performed: list[Command] = []
    run(core().record_success(), answers(performed, lambda _: None))
    assert performed == []


@pytest.mark.parametrize(("priority", "kinds"), [(LIVE, [MakeReady, Reserve]), (RETRY, [Read, MakeReady, Reserve])])
def test_worker_of_a_queue_reads_before_it_reserves(priority: Priority, kinds: list[type]) -> None:
    performed: list[Command] = []
    state = LimiterState(tat=round((NOW + 0.2) * 1e6))
    assert len(run(core(priority).reserve(1), answers(performed, lambda _: Reply(state)))) == 1
    assert [type(command) for command in performed] == kinds


def test_refused_write_is_repeated_with_the_state_it_returned() -> None:
    performed: list[Command] = []
    state = LimiterState(tat=round((NOW + 0.2) * 1e6))
    replies = iter([Reply(state, applied=False), Reply(state)])
    run(core().reserve(1), answers(performed, lambda command: next(replies) if isinstance(command, Reserve) else None))
    assert [command.known for command in performed if isinstance(command, Reserve)] == [LimiterState(), state]


def test_reservation_is_deferred_after_many_refused_writes() -> None:
    performed: list[Command] = []
    with pytest.raises(DeferrableError, match="many workers"):
        run(core().reserve(1), answers(performed, lambda _: Reply(LimiterState(), applied=False)))
    assert sum(isinstance(command, Reserve) for command in performed) == MAX_REFUSED_WRITES


def test_failure_that_cannot_be_counted_is_ignored() -> None:
    def fail(_: Command) -> None:
        raise RetryableError("dynamodb:UpdateItem: InternalServerError")

    performed: list[Command] = []
    assert not run(core().record_failure(), answers(performed, fail))
    assert [type(command) for command in performed] == [CountFailure]
