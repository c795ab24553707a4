"""One `sam local invoke`: the event in, the function's answer and what the runtime says of it out."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.invoke import engine, sam
from local.invoke.errors import SamFailed

TEMPLATE, VARIABLES = "template.json", "variables.json"
SECONDS = 300.0  # the longest time-out of a function, and what the container takes to start on a busy machine
DURATION = re.compile(r"^REPORT .*\bDuration: ([0-9.]+) ms\s+Billed", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """`payload` is what the handler returned, or the error; `milliseconds` hold the start of the runtime as well."""

    payload: Any
    failed: bool
    milliseconds: float


def options(folder: Path) -> list[str]:
    """What SAM CLI is told to run the functions of the template in `folder`, beside what samconfig.toml says."""
    return [
        *("--config-env", "local", "--docker-network", engine.NETWORK, "--skip-pull-image"),
        *("--template-file", str(folder.resolve() / TEMPLATE), "--env-vars", str(folder.resolve() / VARIABLES)),
    ]


def invoke(function: str, event: Path, folder: Path, log: Path) -> Answer:
    """Runs the function of the template in `folder` in a container of its own. Raises SamFailed.

    SAM CLI's and the function's own lines are written to `log`.
    """
    said = sam.run(
        *("local", "invoke", function, "--event", str(event), *options(folder)),
        seconds=SECONDS,
    )
    log.write_text(said.log, encoding="utf-8")
    duration = DURATION.search(said.log)
    try:
        payload = json.loads(said.out.strip().rpartition("\n")[2])
    except ValueError:
        raise SamFailed(f"{function} gave no answer. What was said is in {log}") from None
    failed = isinstance(payload, dict) and "errorType" in payload
    return Answer(payload, failed, float(duration[1]) if duration else 0.0)
