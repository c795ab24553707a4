"""guardctl bucket: the guard in front of buckets that exist already, and that the stack does not own."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ops.guardctl.buckets.add import BucketAdder
from ops.guardctl.buckets.checks import make_checks
from ops.guardctl.buckets.facts import owner_argument
from ops.guardctl.buckets.printing import (
    describe_changes,
    describe_warnings,
    print_commands,
    show_changes,
    show_notes,
)
from ops.guardctl.buckets.records import BucketRecords, is_added
from ops.guardctl.buckets.remove import BucketRemover
from ops.guardctl.buckets.wanted import check_name, listed_buckets
from ops.guardctl.doctor.command import describe_findings, print_findings, run_all
from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Level
from ops.guardctl.options import AsJson, Yes, ask, check_reason, get_target
from ops.guardctl.printing import print_json, print_table
from ops.guardctl.target import Target

bucket = typer.Typer(
    help="Put the guard in front of buckets that exist already, and look after it.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's name.")]
MaybeReason = Annotated[
    str, typer.Option("--reason", "-r", help="Why. The journal keeps it with your name and the time.")
]
GateLater = Annotated[
    bool, typer.Option("--gate-later", help="Leave the read gate for a second call, after a backfill.")
]
Print = Annotated[bool, typer.Option("--print", help="Change nothing: print the commands for the bucket's owner.")]
LeaveMatches = Annotated[
    bool, typer.Option("--leave-matches", help="Also while matches wait for quarantine: they can be read then.")
]
_COLUMNS = ("bucket", "in parameter", "state", "read gate", "added_at", "by", "reason")


@bucket.command("add")
def add(
    context: typer.Context,
    name: Name,
    reason: MaybeReason = "",
    gate_later: GateLater = False,
    printing: Print = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Turn on a bucket's versions and its events to EventBridge, and put the guard's statements into its policy.

    The stack has to watch the bucket already (its parameter Buckets). The bucket is changed with your own credentials,
    which have to be its owner's; what it was before is kept for `bucket remove`. A diff and warnings come first. What
    is in the bucket cannot be read until it is checked, unless --gate-later. Give it again after a crash, or when the
    stack's ReadableStatuses changed.
    """
    target = get_target(context)
    why, adder = "" if printing else check_reason(reason), BucketAdder(target, check_name(target, name))
    found = adder.plan(gate_later)
    warnings, bucket_name = adder.find_warnings(found), found.facts.name
    show_changes([] if printing else found.changes, warnings)
    if printing:
        return print_commands(bucket_name, owner_argument(target), found.changes, json)
    if found.changes:
        show_notes(adder.explain(found))
        ask(f"Make these changes of {bucket_name}?", yes)
        adder.make(found, gate_later, why)
    if json:
        done = {"bucket": bucket_name, "gate": found.gate, "changes": describe_changes(found.changes)}
        return print_json(done | {"warnings": describe_warnings(warnings), "next": adder.next_steps(found)})
    return _conclude(f"{bucket_name} is guarded" if found.changes else "Nothing to change", adder.next_steps(found))


@bucket.command("remove")
def remove(
    context: typer.Context,
    name: Name,
    reason: MaybeReason = "",
    leave_matches: LeaveMatches = False,
    printing: Print = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Take the guard away: the bucket's policy and its events are what they were. Versions stay on.

    Do it before the bucket leaves the stack's parameter: behind a read gate without scanners no upload can be read.
    Where the owner changed the policy since, his part stays as it is now. While matches wait for quarantine it is
    refused.
    """
    target = get_target(context)
    why, remover = "" if printing else check_reason(reason), BucketRemover(target, check_name(target, name))
    found, matches = remover.plan(), remover.check_matches(leave_matches)
    if printing:
        return print_commands(found.facts.name, owner_argument(target), found.changes, json)
    is_needed = bool(found.changes or found.record)
    if is_needed:
        show_changes(found.changes, [])
        show_notes(remover.explain(found, matches))
        ask(f"Make these changes of {found.facts.name}?", yes)
        remover.make(found, why, leave_matches)
    if json:
        done = {"bucket": found.facts.name, "changes": describe_changes(found.changes), "matches_left": len(matches)}
        return print_json(done | {"next": remover.next_steps()})
    said = f"{found.facts.name} is not guarded any more" if is_needed else "Nothing to change"
    return _conclude(said, remover.next_steps())


@bucket.command("check")
def check(context: typer.Context, name: Name, json: AsJson = False) -> None:
    """Look at a bucket that the stack watches, change nothing, and say how to mend what is not right.

    Exit code 1 where there is a fault, or where it could not be looked at. doctor does the same for every bucket of
    the stack's parameter.
    """
    target = get_target(context)
    deployment = Deployment(target)
    checks = make_checks(check_name(target, name))
    found = list(run_all(checks, deployment))
    counts = Counter(finding.level for finding in found)
    print_json(describe_findings(deployment, found, counts)) if json else print_findings(found, counts)
    # A check that could not go on says so under its own name.
    if counts[Level.FAULT] or any(finding.subject == checks[0].name for finding in found):
        raise typer.Exit(1)


@bucket.command("list")
def list_buckets(context: typer.Context, json: AsJson = False) -> None:
    """List the buckets that the stack watches, and those that were guarded by `bucket add`."""
    found = describe_buckets(get_target(context))
    if json:
        return print_json(found)
    return print_table(_COLUMNS, [[one.get(name) for name in _COLUMNS] for one in found], "There is no other bucket.")


def describe_buckets(target: Target) -> list[dict[str, Any]]:
    """Return all buckets that the parameter or a record names."""
    records = {str(record["id"]): record for record in BucketRecords(target).list_all()}
    listed = listed_buckets(target)
    found = []
    for name in [*listed, *(name for name in records if name not in listed)]:
        record = records.get(name, {})
        facts = {"bucket": name, "in parameter": "yes" if name in listed else "no"}
        facts |= {"state": record.get("state", "not added"), "read gate": record["gate"] if is_added(record) else "-"}
        names = ("added_at", "by", "reason", "removed_at", "removed_by", "removal")
        found.append(facts | {name: record[name] for name in names if name in record})
    return found


def _conclude(said: str, steps: Sequence[str]) -> None:
    print(f"{said}.")
    for step in steps:
        print(f"Next: {step}")
