"""Shows what a bucket's set-up would become: a diff, warnings, or the commands of the AWS CLI."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from ops.guardctl.buckets.changes import Change
from ops.guardctl.doctor.findings import Finding, Level
from ops.guardctl.printing import clean, print_json

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def show_changes(changes: Sequence[Change], warnings: Sequence[Finding]) -> None:
    """Print a diff of each change and the warnings. They go to the terminal's error stream, as the question does."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for change in changes:
        console.print(f"[bold]{change.title}[/]")
        for line in change.diff()[2:]:
            style = _STYLES.get(line[:1], "default")
            console.print(f"  [{style}]{line[:1]} {_keep_indent(line[1:])}[/]" if line[:1] != "@" else "  ...")
    for finding in warnings:
        console.print(f"[yellow]{'warning':9}[/] {clean(finding.subject)}: {clean(finding.what)}")
        if finding.mend:
            console.print(f"          -> {clean(finding.mend)}")


def show_notes(notes: Sequence[str]) -> None:
    """Print what a person has to know before the question."""
    for note in notes:
        print(f"- {note}", file=sys.stderr)


def print_commands(bucket: str, owner: dict[str, str], changes: Sequence[Change], json: bool) -> None:
    """Print the commands that make the changes, in their order."""
    commands = [change.command(bucket, owner) for change in changes]
    if json:
        return print_json({"bucket": bucket, "commands": commands})
    for command in commands:
        print(command)
    return print(f"# Afterwards: guardctl bucket check {bucket}" if commands else "# Nothing to change.")


def describe_changes(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return changes for programs."""
    return [{"title": one.title, "operation": one.operation, "diff": one.diff()} for one in changes]


def describe_warnings(warnings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return warnings for programs."""
    return [asdict(finding) for finding in warnings]


def not_ok(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that say that something is not right."""
    return [finding for finding in findings if finding.level is not Level.OK]


def _keep_indent(line: str) -> str:
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + clean(text)
