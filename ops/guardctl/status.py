"""guardctl status: what waits, how fast it is worked off, and what needs a person."""

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from rich.console import Console

from ops.guardctl import queues
from ops.guardctl.backfill import describe as describe_job
from ops.guardctl.backfill_jobs import BackfillJobs
from ops.guardctl.options import AsJson, get_target
from ops.guardctl.printing import format_age, format_time, print_facts, print_json, print_table
from ops.guardctl.rate import RateControl
from ops.guardctl.settled_results import SETTLED, Selection, SettledResults, partition_names
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results

# More than that of one status is shown as "1000 or more".
MOST_COUNTED = 1000
# A page of an index has about four thousand results.
_PAGES, _THREADS = 5, 16
_QUEUES_WITH_AGE = (queues.RETRY, queues.BACKFILL)


def status(
    context: typer.Context,
    json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again, until Ctrl-C.")] = False,
    sample: Annotated[float, typer.Option(min=0.5, max=60, help="Seconds over which the rate is measured.")] = 2.0,
) -> None:
    """Show what waits and how old it is, the rate against its limit, pauses, the quota, and what needs attention.

    The rate is measured now: the slots that were reserved within --sample seconds.
    """
    target = get_target(context)
    while True:
        found = read_status(target, sample)
        if watch:
            Console().clear()
        print_json(found) if json else print_status(found)
        if not watch:
            return


def read_status(target: Target, sample: float) -> dict[str, Any]:
    """Return the status of a stack: times in ISO 8601, ages in seconds. It takes `sample` seconds."""
    rate_control, results = RateControl(target), Results(target)
    before, began = rate_control.read(), target.now()
    depths = {queue: queues.read_depth(target, queue) for queue in queues.URL_OUTPUTS}
    attention = {name: number for name, number in results.count_attention(MOST_COUNTED).items() if number}
    verdicts = count_today(target, before_today(began))
    ages = {queue: rate_control.read_queue_age(queue) for queue in _QUEUES_WITH_AGE}
    target.sleep(max(0.0, sample - (target.now() - began)))
    after, now = rate_control.read(), target.now()
    limit, quota = target.stack.rate, int(target.stack.parameters.get("MonthlyQuota", "0"))
    waiting = sum(depths[queue].total for queue in _QUEUES_WITH_AGE)
    tripped = rate_control.deletion_limit_tripped_at()
    return {
        "stack": target.stack.name,
        "at": format_time(now),
        "state": after.describe(now),
        "is_sending": not (after.is_paused(now) or after.breaker_open_since),
        "paused_until": format_time(after.paused_until) if after.is_paused(now) else None,
        "rate_per_second": round((after.used - before.used) / (now - began), 2),
        "rate_limit": limit,
        "used_this_month": after.used,
        "monthly_quota": quota or None,
        "waiting": {
            queue: {"messages": depth.total, "in_flight": depth.in_flight, "oldest_seconds": ages.get(queue)}
            for queue, depth in depths.items()
        },
        "seconds_to_finish": math.ceil(waiting / limit),
        "backfills": [describe_job(job, limit) for job in BackfillJobs(target).list_open()],
        "deleting_stopped_at": None if tripped is None else format_time(tripped),
        "today": verdicts,
        "needs_attention": attention,
    }


def before_today(now: float) -> str:
    """Return when today began, in UTC."""
    return f"{format_time(now)[:10]}T00:00:00.000Z"


def count_today(target: Target, since: str) -> dict[str, Any]:
    """Return how many results of each status were settled since then. Of a status in millions it says `at_least`."""
    results, selection = SettledResults(target), Selection(since=since)
    with ThreadPoolExecutor(_THREADS) as pool:
        counts = list(pool.map(lambda name: results.count(selection, name, _PAGES), partition_names(SETTLED)))
    found: Counter[str] = Counter()
    for name, (number, _) in zip(partition_names(SETTLED), counts, strict=True):
        found[name.partition("#")[0]] += number
    at_least = {} if all(whole for _, whole in counts) else {"at_least": True}
    return {
        "since": since,
        "by_status": {status: found[status] for status in sorted(found) if found[status]},
        **at_least,
    }


def print_status(found: dict[str, Any]) -> None:
    """Print the status for people."""
    quota = found["monthly_quota"]
    used = f"{found['used_this_month']:,}" + (
        f" of {quota:,} ({found['used_this_month'] / quota:.0%})" if quota else ""
    )
    print_facts(
        {
            "stack": f"{found['stack']} at {found['at']}",
            "requests": found["state"],
            "paused until": found["paused_until"],
            "rate": f"{found['rate_per_second']:g} of {found['rate_limit']:g} requests a second",
            "this month": f"{used} requests",
            "deleting": _describe_deleting(found["deleting_stopped_at"]),
        }
    )
    rows = [
        (queue, one["messages"], one["in_flight"], format_age(one["oldest_seconds"]))
        for queue, one in found["waiting"].items()
    ]
    print()
    print_table(("waiting", "messages", "in flight", "oldest seen"), rows, "")
    print()
    today = found["today"]["by_status"]
    print_facts(
        {
            "today": (", ".join(f"{number:,} {status}" for status, number in today.items()) or "no result yet")
            + (" or more" if "at_least" in found["today"] else "")
            + " (UTC)"
        }
    )
    print_facts(
        {
            "backlog": _describe_backlog(found),
            "backfills": _describe_backfills(found["backfills"]),
            "attention": describe_attention(found["needs_attention"]),
        }
    )


def describe_attention(counts: dict[str, int]) -> str:
    """Say how many results of each status a person should look at."""
    parts = [
        f"{number if number < MOST_COUNTED else f'{MOST_COUNTED} or more'} {name}" for name, number in counts.items()
    ]
    return f"{', '.join(parts)} (guardctl attention)" if parts else "nothing"


def _describe_deleting(stopped_at: str | None) -> str | None:
    return (
        f"stopped at {stopped_at}: more matches than MaxDeletionsPerHour (guardctl limit reset)" if stopped_at else None
    )


def _describe_backfills(jobs: list[dict[str, Any]]) -> str | None:
    """Say how far the open backfills are together. They share the rate that live uploads leave."""
    if not jobs:
        return None
    listed, versions, seconds = (sum(job[name] for job in jobs) for name in ("listed", "versions", "seconds_left"))
    is_whole = all(job["is_whole"] for job in jobs)
    return (
        f"{len(jobs)} open: {listed:,} of {'' if is_whole else 'more than '}{versions:,} versions, "
        f"{'at most' if is_whole else 'more than'} {format_age(seconds)} left (guardctl backfill status)"
    )


def _describe_backlog(found: dict[str, Any]) -> str:
    waiting = sum(found["waiting"][queue]["messages"] for queue in _QUEUES_WITH_AGE)
    if not waiting:
        return "nothing waits"
    least = f"{waiting:,} messages, at least {format_age(found['seconds_to_finish'])} at the full rate"
    return least if found["is_sending"] else f"{least}, once requests are sent again"
