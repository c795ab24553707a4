"""The end of the emulator's process."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from local.match.control import running_emulator
from tests.local.match.emulator_process import is_answering, start_process
from tests.support.waiting import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_process_without_output(number: signal.Signals) -> None:
    with start_process() as (process, _):
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)

        assert (process.returncode, errors) == (0, b"")


def test_signal_ends_the_process_during_a_hanging_request() -> None:
    with start_process() as (process, line):
        settings = {"failures": [{"kind": "hang", "seconds": 60}]}
        requests.put(f"{line['control']}/settings", json=settings, timeout=10)
        with pytest.raises(requests.ReadTimeout):
            requests.post(line["match_endpoint"], headers={"Ocp-Apim-Subscription-Key": "key"}, timeout=0.2)
        process.terminate()
        _, errors = process.communicate(timeout=10)

        assert (process.returncode, errors) == (0, b"")


def test_end_of_standard_input_ends_the_process_on_request() -> None:
    with start_process("--die-with-stdin", stdin=subprocess.PIPE) as (process, _):
        assert process.poll() is None
        _, errors = process.communicate(timeout=10)

        assert (process.returncode, errors) == (0, b"")


def test_process_does_not_outlive_a_killed_parent() -> None:
    parent_code = (
        "from local.match.control import running_emulator\n"
        "with running_emulator() as emulator: print(emulator.control, flush=True); input()"
    )
    parent = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", parent_code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout
    control = parent.stdout.readline().decode().strip()
    assert requests.get(f"{control}/stats", timeout=10).status_code == 200

    parent.kill()
    parent.communicate()

    wait_until(lambda: not is_answering(control), seconds=10)


def test_context_manager_leaves_no_process_running() -> None:
    with running_emulator() as emulator:
        assert is_answering(emulator.control)

    assert not is_answering(emulator.control)


def test_closed_client_connection_causes_no_error_output() -> None:
    with start_process("--latency", "0.3") as (process, line):
        for _ in range(3):
            with pytest.raises(requests.ReadTimeout):
                requests.post(line["match_endpoint"], headers={"Ocp-Apim-Subscription-Key": "key"}, timeout=0.1)
        reset_connection(line["control"])
        time.sleep(0.4)
        process.terminate()
        _, errors = process.communicate(timeout=10)

    assert errors == b""


def reset_connection(url: str) -> None:
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        # Closing with a linger time of 0 sends a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"POST /photodna/v1.0/Match HTTP/1.1\r\nContent-Le")
