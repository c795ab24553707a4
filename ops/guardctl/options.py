"""The options that many commands share, and the question before a change."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.target import Target
from ops.guardctl.uploads import parse_uri


def check_uri(uri: str) -> str:
    """Return a URI that names an upload. Raises CannotProceedError for another."""
    parse_uri(uri)
    return uri


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why. The journal keeps it with your name and the time.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the change.")]
Uri = Annotated[
    str,
    typer.Argument(
        metavar="s3://BUCKET/KEY", help="The upload, in quotes where its key has spaces.", callback=check_uri
    ),
]
Version = Annotated[str | None, typer.Option("--version", help="The version, where the upload has several.")]


def get_target(context: typer.Context) -> Target:
    """Return the stack of this call, and connect to it the first time. Raises CannotProceedError."""
    connect: Callable[[], Target] = context.obj
    return connect()


def ask(question: str, yes: bool) -> None:
    """Ask whether to make a change, unless `yes`.

    Raises CannotProceedError where nobody can answer, and typer.Abort where the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotProceedError("This changes the stack, and there is no terminal to ask at. Give --yes")
    typer.confirm(question, abort=True, err=True)


def check_reason(reason: str) -> str:
    """Return the reason. Raises CannotProceedError for an empty one."""
    if not reason.strip():
        raise CannotProceedError("Give a --reason: the journal is read when somebody asks why")
    return reason.strip()


def as_plain(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return results without the attributes that are the application's own (docs/results.md)."""
    hidden = {"lease", "lease_until", "redeliver_at", "unsettled", "queue", "sequencer"}
    return [{name: value for name, value in item.items() if name not in hidden} for item in items]
