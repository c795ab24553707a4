"""Forked execution environments: what they share, and what each has of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from local.aws import EmbeddedAws
from local.aws.execution_environment import ProcessEnvironment
from local.aws.forking import NOTHING, WarmProcess, WarmProcessError
from local.aws.functions import Function
from local.stack import PRELOAD
from tests.local.processes import ROOT
from tests.support.environment import COMPLETE_ENVIRONMENT

CODE = Path(__file__).parent / "toy/code"
PROBE = Function("Probe", "probe", "arn:aws:lambda:us-east-1:1:function:probe", "toy.probe", CODE, 5, 128, {})
# Prints what an environment of the project imports by itself, after all that is preloaded.
IMPORTS = """
import json, sys
from local.aws import warm_process
preloaded = json.loads(sys.argv[1])
warm_process.import_modules(preloaded["modules"])
warm_process.parse_service_models(preloaded["services"])
before = set(sys.modules)
from photodna_guard.handlers import on_reconcile, on_retry, on_sweep, on_upload
on_sweep.scheduled.get_sweeper()
print(*sorted(set(sys.modules) - before))
"""


def probe_side_by_side(aws: EmbeddedAws, count: int) -> list[dict[str, Any]]:
    """Return what as many environments say that run at once."""
    found: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: found.append(aws.invoke("Probe", {"sleep": 0.5}).payload)) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_environments_share_no_state_of_the_function(aws: EmbeddedAws) -> None:
    found = probe_side_by_side(aws, 4)

    assert len({one["pid"] for one in found}) == 4
    assert all(one["initialized_in"] == one["pid"] for one in found), "the function is imported after the fork"
    assert len({one["random"] for one in found}) == 4
    assert len({one["environment"]["AWS_LAMBDA_LOG_STREAM_NAME"] for one in found}) == 4


def test_environment_has_no_descriptor_of_another(aws: EmbeddedAws) -> None:
    found = probe_side_by_side(aws, 4)

    assert len({len(one["descriptors"]) for one in found}) == 1


def test_environment_waits_for_its_own_child(aws: EmbeddedAws) -> None:
    assert aws.invoke("Probe", {"run": [sys.executable, "-c", "raise SystemExit(7)"]}).payload == 7


def test_killed_environment_is_reported_with_its_signal(aws: EmbeddedAws) -> None:
    pid = aws.invoke("Probe", {}).payload["pid"]
    os.kill(pid, 9)

    results = [aws.invoke("Probe", {}) for _ in range(5)]

    messages = [result.payload["errorMessage"] for result in results if result.failed]
    assert [message.endswith("Runtime exited with error: signal: 9") for message in messages] == [True]


def test_fork_after_the_warm_process_has_ended_names_its_log(tmp_path: Path) -> None:
    warm = WarmProcess(CODE, NOTHING, tmp_path / "warm_process.log")
    warm.close()

    with pytest.raises(WarmProcessError, match=r"warm_process\.log"):
        warm.fork(tmp_path / "probe.log")


def test_environment_ends_when_its_warm_process_is_killed(tmp_path: Path) -> None:
    warm = WarmProcess(CODE, NOTHING, tmp_path / "warm_process.log")
    environment = ProcessEnvironment(PROBE, {}, warm.fork(tmp_path / "probe.log"))
    environment.initialize()
    assert not environment.invoke({}, "1").failed
    warm.close()

    environment.close()

    assert not environment.alive


def test_environment_imports_only_its_handlers_by_itself() -> None:
    """What the others need is in the memory that they share. What is missing there costs each of them its time."""
    path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    aws = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    aws |= {"AWS_LAMBDA_FUNCTION_NAME": "on-upload", "POWERTOOLS_METRICS_NAMESPACE": "test"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", IMPORTS, json.dumps(asdict(PRELOAD))],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **COMPLETE_ENVIRONMENT, **aws},
        capture_output=True,
        text=True,
        check=True,
    )

    handlers = "photodna_guard.handlers"
    functions = ("on_reconcile", "on_retry", "on_sweep", "on_upload")
    assert done.stdout.split() == [handlers, *(f"{handlers}.{function}" for function in functions)]
