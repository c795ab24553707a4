"""How the embedded cloud starts and ends: faults are named, and no process is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.aws import EmbeddedCloud
from local.aws.template import TemplateFault

ROOT = Path(__file__).resolve().parents[3]
TOY = Path(__file__).parent / "toy/template.yaml"
NOWHERE = "http://127.0.0.1:9/Match"

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python in a folder of its own, and kills what is left of it."""
    started: list[subprocess.Popen[str]] = []

    def start_(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **variables}
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-u", *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start_
    for process in started:
        process.kill()
        process.communicate()


def processes() -> dict[int, int]:
    """The parent of each process that runs; one that has ended and is not yet buried does not."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)  # noqa: S607
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


OWNER = f"""
    import threading
    from pathlib import Path
    from local.aws import EmbeddedCloud

    with EmbeddedCloud(match_endpoint={NOWHERE!r}, template=Path({str(TOY)!r}), log_dir=Path("logs")) as cloud:
        print(cloud.invoke("Probe", {{}}).payload["pid"])
        threading.Thread(target=cloud.invoke, args=("Witness", {{"hold": 60}}), daemon=True).start()
        print("ready")
        threading.Event().wait()
"""


def test_a_killed_owner_leaves_no_process_behind(start: Start, eventually: Callable[..., bool]) -> None:
    owner = start("-c", textwrap.dedent(OWNER))
    assert owner.stdout is not None
    function = int(owner.stdout.readline())
    assert owner.stdout.readline() == "ready\n"
    children = [pid for pid, parent in processes().items() if parent == owner.pid]
    assert function in children
    assert len(children) >= 2

    owner.send_signal(signal.SIGKILL)

    assert eventually(lambda: not processes().keys() & set(children), within=5)


def test_leaving_ends_every_process(tmp_path: Path) -> None:
    with EmbeddedCloud(match_endpoint=NOWHERE, template=TOY, log_dir=tmp_path) as cloud:
        cloud.invoke("Probe", {})
        children = {pid for pid, parent in processes().items() if parent == os.getpid()}

    still = processes().keys() & children
    ours = {pid for pid, parent in processes().items() if parent == os.getpid()}
    assert len(children - ours) >= 2
    assert still <= ours


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{Type: AWS::Amazing::Thing}", "Odd: AWS::Amazing::Thing"),
        ("{Type: AWS::SNS::Topic, Properties: {TopicName: {'Fn::GetAtt': [Missing, Arn]}}}", "Missing"),
    ],
    ids=["unknown type", "unknown reference"],
)
def test_a_stack_that_cannot_be_made_names_the_resource(tmp_path: Path, text: str, named: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Resources:\n  Odd: {text}\n")

    with pytest.raises(TemplateFault) as caught:
        EmbeddedCloud(match_endpoint=NOWHERE, template=template, log_dir=tmp_path).__enter__()

    assert named in str(caught.value)


# ---------------------------------------------------------------- make up


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 30
    while not path.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)


def test_up_writes_the_endpoints_and_ends_cleanly_on_sigterm(
    start: Start, tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    file = tmp_path / "build/local/endpoints.json"
    up = start("-m", "local.up", MATCH_ENDPOINT=NOWHERE)
    wait_for(file, up)
    endpoints = json.loads(file.read_text())
    children = [pid for pid, parent in processes().items() if parent == up.pid]

    second = start("-m", "local.up", MATCH_ENDPOINT=NOWHERE)
    refusal, _ = second.communicate(timeout=30)
    up.send_signal(signal.SIGTERM)
    said, _ = up.communicate(timeout=10)

    assert (second.returncode, "running already" in refusal) == (1, True)
    assert up.returncode == 0
    assert not file.exists()
    assert eventually(lambda: not processes().keys() & set(children), within=5)
    assert endpoints["match_endpoint"] == NOWHERE
    assert set(endpoints) == {
        "aws_endpoint_url",
        "region",
        "upload_bucket",
        "quarantine_bucket",
        "results_table",
        "retry_queue_url",
        "dead_letter_queue_url",
        "match_endpoint",
    }
    assert f"--endpoint-url {endpoints['aws_endpoint_url']}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("variable", "value"), [("RATE", "fast"), ("RATE", "0"), ("TEST_LIST", "no/such/folder")])
def test_up_says_what_is_wrong_with_a_setting(start: Start, variable: str, value: str) -> None:
    up = start("-m", "local.up", **{variable: value})

    said, _ = up.communicate(timeout=30)

    assert up.returncode == 1
    assert said.startswith(f"make up: {variable}={value}")


def test_up_does_not_touch_a_file_that_is_not_its_own(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "build/local/endpoints.json"
    file.parent.mkdir(parents=True)
    file.write_text("[]")

    up = start("-m", "local.up")
    said, _ = up.communicate(timeout=30)

    assert (up.returncode, "Move it out of the way" in said) == (1, True)
    assert file.read_text() == "[]"
