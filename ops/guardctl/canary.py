"""guardctl canary: a picture of the service's sample set that is sent every hour, and has to come back as Test."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Reason, Yes, ask, check_reason, get_target
from ops.guardctl.printing import print_facts, print_json
from ops.guardctl.samples import Run, Samples, read_sample
from ops.guardctl.target import Target
from photodna_guard.domain.canary import CanaryOutcome, SampleName

_HELP = """The canary: a picture of the service's sample set, sent every hour, that has to come back as Test.

CanaryAlarm fires where it does not in two of three hours."""
canary = typer.Typer(help=_HELP, no_args_is_help=True)
Picture = Annotated[
    Path, typer.Argument(metavar="PICTURE", help="A picture of Microsoft's sample set, at most 350 KB.")
]


@canary.command("set")
def set_sample(
    context: typer.Context, picture: Picture, reason: Reason, yes: Yes = False, json: AsJson = False
) -> None:
    """Store a picture of the service's own sample set. It is sent once an hour from now on.

    Take one that Microsoft gave you with the subscription, and no other picture: what is stored is sent without end. It
    takes one slot an hour, and counts in the monthly quota.
    """
    target, why, sample = get_target(context), check_reason(reason), read_sample(picture)
    ask(f"Let {target.stack.name} send {picture} every hour?", yes)
    with Journal(target).recording("canary set", why, subject=picture.name, bytes=len(sample.picture)):
        Samples(target).store(SampleName.SCHEDULED, sample)
    found = Samples(target).describe(SampleName.SCHEDULED)
    print_json(found) if json else print(f"Stored {len(sample.picture):,} bytes. Send it now with guardctl canary run.")


@canary.command()
def run(context: typer.Context, json: AsJson = False) -> None:
    """Send the sample now, wait, and say what came of it. Exit code 1 unless it came back as Test."""
    target = get_target(context)
    if not Samples(target).describe(SampleName.SCHEDULED):
        raise CannotProceedError("No sample is set. Give one with guardctl canary set")
    found = Samples(target).run(SampleName.SCHEDULED)
    print_json(asdict(found)) if json else print(f"{found.describe()}.")
    if found.outcome is not CanaryOutcome.TEST:
        raise typer.Exit(1)


@canary.command()
def status(context: typer.Context, json: AsJson = False) -> None:
    """Show whether a sample is set, by whom, and what came of its last run."""
    found = read_status(get_target(context))
    if json:
        return print_json(found)
    if not found["sample"]:
        return print("No sample is set, and so the canary sends nothing.")
    last = found["last_run"]
    return print_facts(
        {
            "sample": f"{found['sample']['bytes']} bytes, {found['sample']['media_type']}",
            "set by": f"{found['sample']['by']} at {found['sample']['at']}",
            "last run": f"{last['outcome']} at {last['at']} {last['reason']}".strip() if last else "none yet",
        }
    )


def read_status(target: Target) -> dict[str, Any]:
    """Return the sample's description and its last run; empty and None where there is none."""
    samples = Samples(target)
    last: Run | None = samples.last_run(SampleName.SCHEDULED)
    return {"sample": samples.describe(SampleName.SCHEDULED), "last_run": asdict(last) if last else None}


@canary.command()
def clear(context: typer.Context, reason: Reason, yes: Yes = False, json: AsJson = False) -> None:
    """Remove the sample. The canary then sends nothing, and CanaryAlarm tells so once, after three hours."""
    target, why = get_target(context), check_reason(reason)
    before = Samples(target).describe(SampleName.SCHEDULED)
    if before:
        ask(f"Let {target.stack.name} send no sample any more?", yes)
        with Journal(target).recording("canary clear", why):
            Samples(target).clear(SampleName.SCHEDULED)
    if json:
        print_json({"was": before})
    else:
        print("The canary sends nothing any more." if before else "No sample was set: there is nothing to clear.")
