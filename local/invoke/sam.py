"""Runs SAM CLI: where it is, the environment it gets, and how its failures are told."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.invoke.errors import NotPossible, SamFailed

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 30
TOLD_LINES = 15
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
class Said:
    """What SAM CLI wrote: `out` is a function's answer or nothing, `log` everything else."""

    out: str
    log: str


def environment() -> dict[str, str]:
    """This process's variables, without what they say of an AWS account."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_CLI_"))}
    return ours | NO_ACCOUNT


def command() -> str:
    """SAM CLI: what SAM_COMMAND names, that of the virtual environment, or that on the PATH. Raises NotPossible."""
    beside = Path(sys.executable).with_name("sam")
    found = os.environ.get("SAM_COMMAND") or (str(beside) if beside.is_file() else shutil.which("sam"))
    if found is None:
        raise NotPossible("There is no SAM CLI. Run make setup")
    return found


def run(*arguments: str, more: Mapping[str, str] | None = None, cwd: Path = ROOT, seconds: float = 300) -> Said:
    """Runs a command of SAM CLI with `more` variables. Raises SamFailed."""
    with subprocess.Popen(
        [command(), *arguments],
        cwd=cwd,
        env=environment() | dict(more or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            out, log = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            out, log = _stopped(process)
            log += f"\nNo end within {seconds:g} s"
    if process.returncode != 0:
        told = "\n".join((out + log).strip().splitlines()[-TOLD_LINES:])
        what = " ".join(itertools.takewhile(lambda word: not word.startswith("-"), arguments))
        raise SamFailed(f"sam {what} failed:\n{told}")
    return Said(out, log)


def _stopped(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ends it in a way that lets it remove its container, and at last in any way."""
    process.terminate()
    try:
        return process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()
