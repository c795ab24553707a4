"""guardctl pause, resume, limit reset and journal: what holds for the whole stack."""

from typing import Annotated

import typer

from ops.guardctl.journal import Journal, entry_time
from ops.guardctl.options import AsJson, Reason, Yes, ask, check_reason, get_target
from ops.guardctl.printing import format_time, print_json, print_table
from ops.guardctl.rate import FOR_EVER, RateControl
from ops.guardctl.times import parse_duration

limit = typer.Typer(
    help="The deletion limit, which stops all deleting when too many matches come.", no_args_is_help=True
)


def pause(
    context: typer.Context,
    reason: Reason,
    duration: Annotated[
        str | None, typer.Option("--for", help="How long: 90s, 10m, 4h, 2d. Else until resume.")
    ] = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Send no more requests to the Match service, for a time or until `guardctl resume`.

    Uploads go on arriving, wait in the retry queue, and nobody can read them. Matches that are known already are moved
    all the same. Requests that are under way are finished.
    """
    target, why = get_target(context), check_reason(reason)
    until = target.now() + parse_duration(duration) if duration else FOR_EVER
    ask(f"Stop all requests of {target.stack.name} {f'for {duration}' if duration else 'until resumed'}?", yes)
    with Journal(target).recording("pause", why, until=format_time(until)):
        RateControl(target).pause(until, target.who, why)
    ends = f"until {format_time(until)}" if duration else "until guardctl resume"
    if json:
        print_json({"paused_until": format_time(until)})
    else:
        print(f"Paused {ends}. Uploads wait, and nothing is lost.")


def resume(context: typer.Context, reason: Reason, yes: Yes = False, json: AsJson = False) -> None:
    """Send requests again: end a pause of whatever cause, and close the circuit breaker.

    What was deferred goes on within ten seconds. Where the service still does not answer, ten failures stop requests
    again.
    """
    target, why = get_target(context), check_reason(reason)
    before, now = RateControl(target).read(), target.now()
    ask(f"{target.stack.name} is {before.describe(now)}. Send requests again?", yes)
    with Journal(target).recording("resume", why, was=before.describe(now)):
        RateControl(target).resume()
    if json:
        print_json({"was": before.describe(now)})
    else:
        print(f"Requests are sent again. Before: {before.describe(now)}.")


@limit.command("reset")
def reset(context: typer.Context, reason: Reason, yes: Yes = False, json: AsJson = False) -> None:
    """Let the deletion of matches go on, and count from zero.

    The sweep moves the waiting matches within five minutes. Look at some of them first (guardctl attention): is it an
    attack, or does the service report false matches? If more wait than MaxDeletionsPerHour, raise that parameter first.
    """
    target, why = get_target(context), check_reason(reason)
    control = RateControl(target)
    tripped = control.deletion_limit_tripped_at()
    if tripped is not None:
        ask(f"Deleting has stopped at {format_time(tripped)}. Let it go on?", yes)
        with Journal(target).recording("limit reset", why, stopped_at=format_time(tripped)):
            control.reset_deletion_limit()
    if json:
        print_json({"was_stopped_at": None if tripped is None else format_time(tripped)})
    else:
        print("Deleting goes on." if tripped is not None else "Deleting has not stopped: there is nothing to reset.")


def journal(
    context: typer.Context,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many of the newest entries.")] = 20,
    json: AsJson = False,
) -> None:
    """Show what operators changed: who, when, what and why. The newest entry stands first.

    An entry is written before its change. Its state is begun while the change is made, then done or failed.
    """
    entries = Journal(get_target(context)).newest(count)
    if json:
        return print_json([{"at": entry_time(entry)} | entry for entry in entries])
    names = ("by", "action", "subject", "state", "reason")
    rows = [(entry_time(entry), *[entry.get(name) for name in names]) for entry in entries]
    return print_table(("at", *names), rows, "Nobody has changed anything yet.")
