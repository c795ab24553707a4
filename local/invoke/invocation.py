"""One `sam local invoke`: the event in, the function's answer and what the runtime says of it out."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.invoke import engine, sam
from local.invoke.errors import SamCliError

TEMPLATE, VARIABLES = "template.json", "variables.json"
SECONDS = 300.0  # the longest time-out of a function, and what the container takes to start on a busy machine
DURATION = re.compile(r"^REPORT .*\bDuration: ([0-9.]+) ms\s+Billed", re.MULTILINE)


@dataclass(frozen=True)
class FunctionAnswer:
    """`payload` is what the handler returned, or the error; `milliseconds` hold the start of the runtime as well."""

    payload: Any
    failed: bool
    milliseconds: float


def make_options(folder: Path) -> list[str]:
    """What SAM CLI is told to run the functions of the template in `folder`, beside what samconfig.toml says."""
    return [
        *("--config-env", "local", "--docker-network", engine.NETWORK, "--skip-pull-image"),
        *("--template-file", str(folder.resolve() / TEMPLATE), "--env-vars", str(folder.resolve() / VARIABLES)),
    ]


def invoke_function(function: str, event: Path, folder: Path, log: Path) -> FunctionAnswer:
    """Runs the function of the template in `folder` in a container of its own. Raises SamCliError.

    SAM CLI's and the function's own lines are written to `log`.
    """
    output = sam.run_sam_cli(
        *("local", "invoke", function, "--event", str(event), *make_options(folder)),
        seconds=SECONDS,
    )
    log.write_text(output.log, encoding="utf-8")
    duration = DURATION.search(output.log)
    try:
        payload = json.loads(output.out.strip().rpartition("\n")[2])
    except ValueError:
        raise SamCliError(f"{function} gave no answer. What was output is in {log}") from None
    failed = isinstance(payload, dict) and "errorType" in payload
    return FunctionAnswer(payload, failed, float(duration[1]) if duration else 0.0)
