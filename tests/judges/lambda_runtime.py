"""Runs a handler under AWS's own Lambda runtime: its emulator's binary and its Python runtime interface client.

The binary comes with the SAM CLI, which runs it in containers. Here it runs without: it offers Lambda's Invoke
and the Runtime API on loopback, and starts the Python that runs the function.
"""

import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests

from tests.judges.installed import ENVIRONMENT, skip
from tests.support.template import ROOT

# The client's packages come last: the function keeps its own versions of those that both have.
LAUNCHER = """
import sys
sys.path += sys.argv[2:]
from awslambdaric.__main__ import main
main(sys.argv[:2])
"""
START_SECONDS = 10.0
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def find_client_packages() -> str:
    """Return the folder of AWS's runtime interface client. Skips the test where it is missing."""
    found = list(ENVIRONMENT.glob("lib/python*/site-packages/awslambdaric"))
    if not found:
        skip("AWS's runtime interface client is not installed here: run `make judges`")
    return str(found[0].parent)


def find_emulator() -> Path:
    """Return the emulator's binary for this machine. Skips the test where there is none."""
    name = f"aws-lambda-rie-{_ARCHITECTURES.get(platform.machine().lower(), '')}"
    package = find_spec("samcli")
    assert package
    assert package.origin
    binary = Path(package.origin).parent / "local/rapid" / name
    if platform.system() != "Linux" or not os.access(binary, os.X_OK):
        skip(f"the SAM CLI's {name} does not run on {platform.system()}")
    return binary


@dataclass(frozen=True)
class RunningFunction:
    """A function under the emulator."""

    url: str
    log: Path

    def invoke(self, event: Any) -> Any:
        """Invoke the function, and return its result, or the error as the runtime reports it."""
        answer = requests.post(self.url, json=event, timeout=60)
        return json.loads(answer.content)


@contextmanager
def running_function(
    folder: Path, handler: str, environment: Mapping[str, str], timeout: int
) -> Iterator[RunningFunction]:
    """Run a handler (`module.function`) with this environment and this time-out in seconds."""
    launcher, log, packages = folder / "launcher.py", folder / "function.log", find_client_packages()
    launcher.write_text(LAUNCHER)
    runtime_api, invoke_api = (f"127.0.0.1:{_find_free_port()}" for _ in range(2))
    command = [str(find_emulator()), "--log-level", "warn", "--runtime-api-address", runtime_api]
    command += ["--runtime-interface-emulator-address", invoke_api, sys.executable, str(launcher), handler, packages]
    variables = {
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, env={**variables, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_listening(invoke_api, log)
        yield RunningFunction(f"http://{invoke_api}/2015-03-31/functions/function/invocations", log)
    finally:
        # The emulator ends the function's process before it ends itself.
        process.terminate()
        process.wait(10)


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_listening(address: str, log: Path) -> None:
    host, _, port = address.partition(":")
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection((host, int(port)), 1.0).close()
        except OSError:
            if time.monotonic() > end:
                raise AssertionError(f"the emulator did not start: {log.read_text()}") from None
            time.sleep(0.02)
