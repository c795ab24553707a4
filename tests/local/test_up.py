"""`make up`: the endpoints file, a second start, and wrong settings."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.local.processes import StartPython, list_descendants, list_processes, python_starter
from tests.support.waiting import wait_until

NOWHERE = "http://127.0.0.1:9/Match"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartPython]:
    with python_starter(tmp_path) as start_:
        yield start_


def wait_for_file(path: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while not path.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)


@pytest.mark.slow
def test_up_writes_endpoints_and_removes_them_on_sigterm(start: StartPython, tmp_path: Path) -> None:
    file = tmp_path / "build/local/endpoints.json"
    up = start("-m", "local.up", MATCH_ENDPOINT=NOWHERE, PORT="0")
    wait_for_file(file, up)
    endpoints = json.loads(file.read_text())
    assert f"AWS_ENDPOINT_URL={endpoints['aws_endpoint_url']}" in file.with_name(".env").read_text()
    assert up.stdout
    introduction = list(iter(up.stdout.readline, "Each upload is printed here when it is settled or has to wait:\n"))
    page_url = next(line.split()[1] for line in introduction if line.strip().startswith("page "))
    page = requests.get(page_url, timeout=10).status_code
    children = list_descendants(up.pid)

    second = start("-m", "local.up", MATCH_ENDPOINT=NOWHERE, PORT="0")
    second_output, _ = second.communicate(timeout=30)
    up.send_signal(signal.SIGTERM)
    output, _ = up.communicate(timeout=10)

    assert (second.returncode, "running already" in second_output) == (1, True)
    assert up.returncode == 0
    assert not file.exists()
    assert not file.with_name(".env").exists()
    wait_until(lambda: not list_processes().keys() & children, seconds=5)
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
    assert f"--endpoint-url {endpoints['aws_endpoint_url']}" in "".join(introduction)
    assert (page, page_url.startswith("http://127.0.0.1:")) == (200, True)
    assert "Traceback" not in output


WRONG = {"RATE": ["fast", "0"], "CONCURRENCY": ["0", "2.5"], "PARAMETERS": ["Workers"], "TEST_LIST": ["no/such/folder"]}


@pytest.mark.parametrize(("variable", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_up_with_a_wrong_setting_names_it(start: StartPython, variable: str, value: str) -> None:
    up = start("-m", "local.up", **{variable: value})

    output, _ = up.communicate(timeout=30)

    assert up.returncode == 1
    assert output.startswith(f"make up: {variable}={value}")


def test_up_keeps_an_unknown_endpoints_file(start: StartPython, tmp_path: Path) -> None:
    file = tmp_path / "build/local/endpoints.json"
    file.parent.mkdir(parents=True)
    file.write_text("[]")

    up = start("-m", "local.up")
    output, _ = up.communicate(timeout=30)

    assert (up.returncode, "Move it out of the way" in output) == (1, True)
    assert file.read_text() == "[]"
