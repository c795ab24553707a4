"""Runs SAM CLI: where it is, the environment it gets, and how its failures are told."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.invoke.errors import CannotRunError, SamCliError

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 30
SHOWN_LINES = 15
# No call leaves this machine: with credentials, even made-up ones, SAM CLI asks AWS whose they are. And the user's
# own would be handed to the containers. Without any, SAM CLI gives the containers placeholders.
NO_ACCOUNT = {
    "SAM_CLI_TELEMETRY": "0",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class SamCliOutput:
    """What SAM CLI wrote: `out` is a function's answer or nothing, `log` everything else."""

    out: str
    log: str


def make_environment() -> dict[str, str]:
    """This process's variables, without what they say of an AWS account."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_CLI_"))}
    return ours | NO_ACCOUNT


def find_command() -> str:
    """SAM CLI: what SAM_COMMAND names, that of the virtual environment, or that on the PATH. Raises CannotRunError."""
    beside = Path(sys.executable).with_name("sam")
    found = os.environ.get("SAM_COMMAND") or (str(beside) if beside.is_file() else shutil.which("sam"))
    if found is None:
        raise CannotRunError("There is no SAM CLI. Run make setup")
    return found


def run_sam_cli(
    *arguments: str, extra: Mapping[str, str] | None = None, cwd: Path = ROOT, seconds: float = 300
) -> SamCliOutput:
    """Runs a command of SAM CLI with `extra` variables. Raises SamCliError."""
    with subprocess.Popen(
        [find_command(), *arguments],
        cwd=cwd,
        env=make_environment() | dict(extra or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            out, log = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            out, log = _stop(process)
            log += f"\nNo end within {seconds:g} s"
    if process.returncode != 0:
        told = "\n".join((out + log).strip().splitlines()[-SHOWN_LINES:])
        what = " ".join(itertools.takewhile(lambda word: not word.startswith("-"), arguments))
        raise SamCliError(f"sam {what} failed:\n{told}")
    return SamCliOutput(out, log)


def _stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ends it in a way that lets it remove its container, and at last in any way."""
    process.terminate()
    try:
        return process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()
