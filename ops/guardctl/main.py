"""guardctl's commands, and what becomes of their errors: one line, and an exit code."""

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError
from typer.exceptions import TyperException

from ops.errors import AWS_ERRORS, CannotProceedError, describe_error
from ops.guardctl import (
    backfill,
    canary,
    case,
    control,
    decide,
    listing,
    redrive,
    release,
    rescan,
    results,
    scope,
    stats,
    status,
)
from ops.guardctl.buckets.command import bucket
from ops.guardctl.doctor.command import doctor
from ops.guardctl.target import Target, connect

Connect = Callable[[str | None, str | None, str | None], Target]
FAILED, BAD_INPUT, STOPPED = 1, 2, 130
_HELP = """Operates photodna-guard: what waits, what needs a person, and what may be changed.

Without --stack it works on the embedded cloud of `make up`. On a deployed stack it takes the role OperatorRole: your
own credentials need cloudformation:DescribeStacks and sts:AssumeRole. A command that changes something asks before it
does, and keeps who, when and why in the journal.

Exit codes: 0 done, 1 AWS refused or failed, or a fault was found, 2 the call cannot be carried out as it is given, 130
stopped."""

_NOT_DEPLOYED = "--as (GUARDCTL_AS) is for the embedded cloud only. On a deployed stack AWS says who you are"

app = typer.Typer(name="guardctl", help=_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode="markdown")
for command in (
    status.status,
    results.attention,
    results.show,
    listing.results,
    stats.stats,
    results.ack,
    rescan.rescan,
    release.release,
    decide.allow,
    decide.deny,
    control.pause,
    control.resume,
    redrive.redrive,
    control.journal,
    doctor,
):
    app.command()(command)
app.add_typer(control.limit, name="limit")
app.add_typer(backfill.backfill, name="backfill")
app.add_typer(bucket, name="bucket")
app.add_typer(scope.scope, name="scope")
app.add_typer(case.case, name="case")
app.add_typer(canary.canary, name="canary")


@app.callback()
def options(
    context: typer.Context,
    stack: Annotated[str | None, typer.Option(envvar="GUARDCTL_STACK", help="The deployed stack.")] = None,
    profile: Annotated[str | None, typer.Option(envvar="AWS_PROFILE", help="A profile of the AWS CLI.")] = None,
    region: Annotated[str | None, typer.Option(envvar="AWS_REGION", help="The stack's region.")] = None,
    acting_as: Annotated[str | None, typer.Option("--as", envvar="GUARDCTL_AS", hidden=True)] = None,
) -> None:
    """Prepare the connection. It is made when a command needs it, so that --help needs no stack."""
    make: Connect = context.obj
    if acting_as and stack:
        raise CannotProceedError(_NOT_DEPLOYED)
    context.obj = functools.cache(lambda: _act_as(make(stack, profile, region), acting_as))


def _act_as(target: Target, name: str | None) -> Target:
    """Return the target with another operator's name, so that one person alone can try what needs two.

    Raises CannotProceedError on a deployed stack, where AWS says who calls.
    """
    if not name:
        return target
    if not target.is_embedded:
        raise CannotProceedError(_NOT_DEPLOYED)
    return replace(target, who=name)


def main(arguments: Sequence[str] | None = None, make_target: Connect = connect) -> int:
    """Run one command, and return its exit code."""
    command = typer.main.get_command(app)
    try:
        # Without standalone mode a command's Exit is what main returns, and everything else is None.
        code = command.main(args=arguments, prog_name="guardctl", standalone_mode=False, obj=make_target)
    except (KeyboardInterrupt, typer.Abort):
        return _stop("stopped", STOPPED)
    except TyperException as error:
        # The call itself is wrong. Without any argument this is the help.
        return _stop(error.format_message(), BAD_INPUT)
    except CannotProceedError as error:
        return _stop(str(error), BAD_INPUT)
    except AWS_ERRORS as error:
        # Without credentials, region or profile the call itself is wrong. What AWS answers is a ClientError.
        return _stop(describe_error(error), BAD_INPUT if _is_about_the_call(error) else FAILED)
    return code if isinstance(code, int) else 0


def _is_about_the_call(error: Exception) -> bool:
    names = ("NoCredentialsError", "NoRegionError", "ProfileNotFound", "InvalidRegionError", "PartialCredentialsError")
    return isinstance(error, BotoCoreError) and type(error).__name__ in names


def _stop(reason: str, code: int) -> int:
    if reason:
        print(f"guardctl: {reason.rstrip('.')}.", file=sys.stderr)
    return code
