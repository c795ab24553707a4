"""Runs one `sam local invoke`, and returns the function's answer and its duration."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.invoke import engine, sam
from local.invoke.errors import SamCliError

TEMPLATE, VARIABLES = "template.json", "variables.json"
# The longest time-out of a function, and the time that a container takes to start on a busy machine.
TIMEOUT_SECONDS = 300.0
DURATION = re.compile(r"^REPORT .*\bDuration: ([0-9.]+) ms\s+Billed", re.MULTILINE)


@dataclass(frozen=True)
class FunctionAnswer:
    """The answer of a function: what its handler returned, or its error. `milliseconds` include the runtime's start."""

    payload: Any
    failed: bool
    milliseconds: float


def make_options(folder: Path) -> list[str]:
    """Make SAM CLI's options that run the functions of the template in `folder`, in addition to samconfig.toml."""
    return [
        *("--config-env", "local", "--docker-network", engine.NETWORK, "--skip-pull-image"),
        *("--template-file", str(folder.resolve() / TEMPLATE), "--env-vars", str(folder.resolve() / VARIABLES)),
    ]


def invoke_function(function: str, event: Path, folder: Path, log: Path) -> FunctionAnswer:
    """Run the function of the template in `folder` in a new container. Raises SamCliError.

    The lines of SAM CLI and of the function are written to `log`.
    """
    output = sam.run_sam_cli(
        *("local", "invoke", function, "--event", str(event), *make_options(folder)),
        seconds=TIMEOUT_SECONDS,
    )
    log.write_text(output.log, encoding="utf-8")
    duration = DURATION.search(output.log)
    try:
        payload = json.loads(output.out.strip().rpartition("\n")[2])
    except ValueError:
        raise SamCliError(f"{function} gave no answer. Its output is in {log}") from None
    failed = isinstance(payload, dict) and "errorType" in payload
    return FunctionAnswer(payload, failed, float(duration[1]) if duration else 0.0)
