"""guardctl backfill: have what a bucket holds checked, and rescan it, as jobs that a feeder works on."""

from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.formatting import format_duration
from ops.guardctl import queues
from ops.guardctl.backfill_estimate import estimate
from ops.guardctl.backfill_jobs import BackfillJobs, FoundJob
from ops.guardctl.buckets.wanted import check_watched
from ops.guardctl.journal import Journal
from ops.guardctl.listing import parse_statuses
from ops.guardctl.options import AsJson, Reason, Yes, ask, check_reason, get_target
from ops.guardctl.printing import print_json, print_table
from ops.guardctl.target import Target
from ops.guardctl.times import parse_time
from photodna_guard.domain.backfill_job import JobState
from photodna_guard.domain.models import Status

backfill = typer.Typer(
    help="Have what a bucket holds already checked, at the lowest priority, however much it is.", no_args_is_help=True
)
Bucket = Annotated[str | None, typer.Option(help="Another bucket than the stack's.")]
Prefix = Annotated[str, typer.Option(help="Only keys that begin so.")]
OnlyStatus = Annotated[str | None, typer.Option("--status", help="Only results of this status, such as UNSCANNABLE.")]
OnlyReason = Annotated[str, typer.Option("--reason-is", help="Only results of this reason, such as format-heic.")]
OlderThan = Annotated[str, typer.Option("--older-than", help="Only what was settled before then: 90d, or a date.")]
CurrentOnly = Annotated[bool, typer.Option("--current-only", help="Leave out overwritten and deleted versions.")]
JobId = Annotated[str | None, typer.Argument(metavar="[JOB]", help="The job's id, where several are open.")]


@backfill.command("start")
def start(
    context: typer.Context,
    reason: Reason,
    bucket: Bucket = None,
    prefix: Prefix = "",
    status: OnlyStatus = None,
    reason_is: OnlyReason = "",
    older_than: OlderThan = "",
    current_only: CurrentOnly = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Have the versions in a bucket checked that have no verdict; with --status or --older-than those that have one.

    It says first what that takes. A feeder keeps a minute's work in the backfill queue; live uploads and retries go
    first. A match is never checked again. With --older-than, versions without a result are checked, too: clean results
    expire.
    """
    target, why = get_target(context), check_reason(reason)
    selection = make_selection(target, bucket, prefix, status, reason_is, older_than, current_only)
    begin(target, selection, why, yes, json)


def make_selection(
    target: Target,
    bucket: str | None,
    prefix: str,
    status: str | None,
    reason_is: str,
    older_than: str,
    current_only: bool,
) -> dict[str, Any]:
    """Return what a job is to select, by the names of its item. Raises CannotProceedError."""
    if reason_is and not status:
        raise CannotProceedError("Give the --status of that reason, too, such as --status UNSCANNABLE")
    return {
        "bucket": check_watched(target, bucket or target.stack.output("UploadBucketName")),
        "prefix": prefix,
        "current_only": current_only,
        "status": _check_status(status),
        "only_reason": reason_is,
        "settled_until": parse_time(older_than, target.now()) if older_than else "",
    }


def begin(target: Target, selection: dict[str, Any], why: str, yes: bool, json: bool) -> None:
    """Say what a job will take, ask, and start it."""
    found = estimate(target, selection["bucket"], selection["prefix"], selection["current_only"])
    ask(f"s3://{selection['bucket']}/{selection['prefix']}* has {found.describe()}. Start?", yes)
    where = f"s3://{selection['bucket']}/{selection['prefix']}"
    facts = {name: value for name, value in selection.items() if value and name not in ("bucket", "prefix")}
    with Journal(target).recording("backfill start", why, where, **facts) as entry:
        job = BackfillJobs(target).start(selection, why, found)
        entry["job"] = job.job.id
    if json:
        print_json({"job": job.job.id, "versions": found.versions, "is_whole": found.is_whole})
    else:
        print(f"Started {job.job.id}: {found.describe()}. guardctl backfill status shows how far it is.")


@backfill.command("status")
def status(context: typer.Context, json: AsJson = False) -> None:
    """Show all backfills, the newest first: what was listed and sent, and what waits in the backfill queue."""
    target = get_target(context)
    found = BackfillJobs(target).list_newest()
    waiting = queues.read_depth(target, queues.BACKFILL).total
    if json:
        return print_json({"waiting": waiting, "jobs": [describe(one, target.stack.rate) for one in found]})
    rate = target.stack.rate
    rows = [describe(one, rate) | _describe_progress(one, rate) for one in found]
    names = ("id", "state", "what", "listed", "of", "sent", "left", "by", "reason")
    print_table(names, [[row[name] for name in names] for row in rows], "There is no backfill.")
    return print(f"\n{waiting:,} messages wait in the backfill queue.")


def _describe_progress(found: FoundJob, rate: float) -> dict[str, str]:
    """Return how far a job is, of how many versions, and how long the rest takes at most, for people."""
    more, seconds = "" if found.is_whole else "more than ", found.seconds_left(rate)
    return {
        "listed": f"{found.progress.listed:,}",
        "sent": f"{found.progress.sent:,}",
        "of": f"{more}{found.versions:,}",
        "left": "" if seconds is None else f"{'at most' if found.is_whole else 'more than'} {format_duration(seconds)}",
    }


def describe(found: FoundJob, rate: float) -> dict[str, Any]:
    """Return a job for people and programs. `rate`: requests a second."""
    job = found.job
    filters = [
        "current versions" if job.current_only else "",
        job.status or "",
        job.reason,
        f"settled until {job.settled_until}" if job.settled_until else "",
    ]
    what = ", ".join(filter(None, filters)) or "without verdict"
    return {
        "id": job.id,
        "state": found.state,
        "what": f"s3://{job.bucket}/{job.prefix}* ({what})",
        "listed": found.progress.listed,
        "sent": found.progress.sent,
        "versions": found.versions,
        "is_whole": found.is_whole,
        "seconds_left": found.seconds_left(rate),
        "at_key": found.progress.cursor.key,
        "by": found.item["by"],
        "reason": found.item["why"],
    }


@backfill.command("pause")
def pause(context: typer.Context, reason: Reason, job: JobId = None, yes: Yes = False, json: AsJson = False) -> None:
    """Send no further versions of a backfill. At most a minute's work is in the queue, and is finished."""
    _change(context, job, JobState.PAUSED, "pause", (reason, yes, json))


@backfill.command("resume")
def resume(context: typer.Context, reason: Reason, job: JobId = None, yes: Yes = False, json: AsJson = False) -> None:
    """Go on with a paused backfill, from where it stopped."""
    _change(context, job, JobState.RUNNING, "resume", (reason, yes, json))


@backfill.command("cancel")
def cancel(context: typer.Context, reason: Reason, job: JobId = None, yes: Yes = False, json: AsJson = False) -> None:
    """End a backfill for good. What was sent is finished."""
    _change(context, job, JobState.CANCELLED, "cancel", (reason, yes, json))


def _change(context: typer.Context, job: str | None, state: JobState, word: str, how: tuple[str, bool, bool]) -> None:
    (reason, yes, json), target = how, get_target(context)
    why, jobs = check_reason(reason), BackfillJobs(target)
    found = jobs.find(job)
    if not found.is_open:
        raise CannotProceedError(f"The backfill {found.job.id} is {found.state}")
    ask(f"{word.capitalize()} the backfill {found.job.id} of {describe(found, target.stack.rate)['what']}?", yes)
    with Journal(target).recording(f"backfill {word}", why, job=found.job.id, was=found.state):
        jobs.set_state(found, state)
    print_json({"job": found.job.id, "state": state.value}) if json else print(f"{found.job.id} is {state.value}.")


def _check_status(status: str | None) -> str:
    if status is None:
        return ""
    (found,) = parse_statuses(status)
    if found is Status.QUARANTINED:
        raise CannotProceedError("A match in quarantine is not checked again")
    return found.value
