"""guardctl doctor: looks at a deployed stack, changes nothing, and says how to mend what it finds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ops.guardctl.buckets import checks as bucket_checks
from ops.guardctl.buckets.wanted import listed_buckets
from ops.guardctl.doctor import alarms, buckets, functions, reading, service, storage, work
from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Finding, Level, NamedCheck, run_check
from ops.guardctl.options import AsJson, get_target
from ops.guardctl.printing import clean, format_time, print_json
from ops.guardctl.samples import read_sample

# In the order of what is worst.
CHECKS = (
    NamedCheck("stack", storage.check_stack),
    NamedCheck("lock of the quarantine", buckets.check_lock),
    NamedCheck("versions and public access", buckets.check_versions_and_access),
    NamedCheck("encryption of the quarantine", buckets.check_encryption),
    NamedCheck("policies of the buckets", buckets.check_policies),
    NamedCheck("read gate", reading.check_read_gate),
    NamedCheck("reading the quarantine", reading.check_quarantine),
    NamedCheck("notification of the upload bucket", functions.check_notification),
    NamedCheck("functions", functions.check_functions),
    NamedCheck("workers of the queues", functions.check_mappings),
    NamedCheck("schedules and rules", functions.check_rules),
    NamedCheck("concurrency", functions.check_concurrency),
    NamedCheck("subscribers", alarms.check_subscriptions),
    NamedCheck("alarms", alarms.check_alarms),
    NamedCheck("tables", storage.check_tables),
    NamedCheck("subscription key", storage.check_secret),
    NamedCheck("requests", work.check_requests),
    NamedCheck("queues", work.check_queues),
    NamedCheck("clock", work.check_clock),
    NamedCheck("canary", service.check_canary),
)
_STYLES = {Level.FAULT: "bold red", Level.WARNING: "yellow", Level.UNCHECKED: "cyan", Level.OK: "green"}
SamplePicture = Annotated[
    Path | None,
    typer.Option("--sample", metavar="PICTURE", help="Send this picture of Microsoft's sample set once, as well."),
]


def doctor(context: typer.Context, sample: SamplePicture = None, json: AsJson = False) -> None:
    """Look at the deployed stack, and say of each thing that is not right how to mend it.

    It changes nothing. Two checks try to read with your own credentials what nobody should read, one byte of it, and
    expect to be refused. With --sample a picture is sent to the service through the stack's own function, at a slot of
    the rate limiter.

    Exit code 1 where there is a fault. A warning, and what could not be checked, leave it 0.
    """
    picture = read_sample(sample) if sample else None
    deployment = Deployment(get_target(context))
    others = [check for bucket in listed_buckets(deployment.target) for check in bucket_checks.make_checks(bucket)]
    checks = [*CHECKS, *others, *([NamedCheck("sample", service.make_sample_check(picture))] if picture else [])]
    found = list(run_all(checks, deployment))
    counts = Counter(finding.level for finding in found)
    if json:
        print_json(describe_findings(deployment, found, counts))
    else:
        print_findings(found, counts)
    if counts[Level.FAULT]:
        raise typer.Exit(1)


def run_all(checks: Sequence[NamedCheck], deployment: Deployment) -> Iterator[Finding]:
    """Yield what all checks find. A terminal shows which one is on."""
    console = Console(stderr=True)
    with console.status("") as status:
        for number, check in enumerate(checks, 1):
            status.update(f"{number} of {len(checks)}: {check.name}")
            yield from run_check(check, deployment)


def describe_findings(deployment: Deployment, found: list[Finding], counts: Counter[Level]) -> dict[str, Any]:
    """Return the findings for programs."""
    return {
        "stack": deployment.target.stack.name,
        "at": format_time(deployment.target.now()),
        "counts": {level.value: counts[level] for level in Level},
        "findings": [asdict(finding) for finding in found],
    }


def print_findings(found: list[Finding], counts: Counter[Level]) -> None:
    """Print the findings for people, the worst first, and how to mend each below it."""
    console = Console(soft_wrap=True, highlight=False)
    order = list(Level)
    for finding in sorted(found, key=lambda one: order.index(one.level)):
        style = _STYLES[finding.level]
        console.print(f"[{style}]{finding.level:9}[/] {clean(finding.subject)}: {clean(finding.what)}")
        if finding.mend:
            console.print(f"          -> {clean(finding.mend)}")
    console.print(", ".join(f"{counts[level]} {level.value}" for level in Level))
