"""Finds and runs SAM CLI, with an environment without an AWS account."""

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
# With credentials, even invented ones, SAM CLI calls AWS to identify them, and the containers get the user's own.
# Without credentials no call leaves this machine, and the containers get placeholders.
NO_ACCOUNT = {
    "SAM_CLI_TELEMETRY": "0",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class SamCliOutput:
    """The output of SAM CLI. `out` is a function's answer or "", `log` everything else."""

    out: str
    log: str


def make_environment() -> dict[str, str]:
    """Copy this process's environment variables, without those of an AWS account."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_CLI_"))}
    return ours | NO_ACCOUNT


def find_command() -> str:
    """Find SAM CLI: by SAM_COMMAND, in the virtual environment, or on the PATH. Raises CannotRunError."""
    beside = Path(sys.executable).with_name("sam")
    found = os.environ.get("SAM_COMMAND") or (str(beside) if beside.is_file() else shutil.which("sam"))
    if found is None:
        raise CannotRunError("There is no SAM CLI on this machine. Run make setup")
    return found


def run_sam_cli(
    *arguments: str, extra: Mapping[str, str] | None = None, cwd: Path = ROOT, seconds: float = 300
) -> SamCliOutput:
    """Run a command of SAM CLI with `extra` environment variables. Raises SamCliError."""
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
            log += f"\nIt did not end within {seconds:g} s"
    if process.returncode != 0:
        last_lines = "\n".join((out + log).strip().splitlines()[-SHOWN_LINES:])
        command = " ".join(itertools.takewhile(lambda word: not word.startswith("-"), arguments))
        raise SamCliError(f"sam {command} failed:\n{last_lines}")
    return SamCliOutput(out, log)


def _stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Terminate SAM CLI so that it can remove its container, and kill it if it does not end in time."""
    process.terminate()
    try:
        return process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()
