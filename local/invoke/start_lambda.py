"""Runs `sam local start-lambda` as a helper process. SAM CLI and its containers end with the process that starts it.

python -m local.invoke.start_lambda FOLDER is the process between the two. It prints {"port": ...} as soon as
Lambda's API answers there, and ends SAM CLI at the end of its own standard input, which also a killed owner closes.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from local.aws.helper_process import HelperProcess
from local.invoke import invocation, sam
from local.invoke.errors import SamCliError

START_SECONDS = 60.0


@contextmanager
def start_lambda(folder: Path, log: Path) -> Iterator[str]:
    """Start Lambda's API for the functions of the template in `folder`, and yield its URL on loopback.

    A function's container starts at its first invocation, and stays for the next ones. Raises HelperFailedError.
    """
    # An earlier start may have left lines.
    log.write_bytes(b"")
    # The path is absolute because SAM CLI runs in another folder.
    argv = [sys.executable, "-m", "local.invoke.start_lambda", str(folder.resolve())]
    helper = HelperProcess("sam local start-lambda", argv, log)
    try:
        yield f"http://127.0.0.1:{helper.read_announcement(2 * START_SECONDS)['port']}"
    finally:
        helper.stop(2 * sam.STOP_SECONDS)


def main() -> None:
    """Run SAM CLI until the end of standard input. Raises SamCliError if its API does not answer."""
    port = _find_free_port()
    command = [
        *(sam.find_command(), "local", "start-lambda", "--host", "127.0.0.1", "--port", str(port)),
        *("--warm-containers", "LAZY", "--no-watch", *invocation.make_options(Path(sys.argv[1]))),
    ]
    with subprocess.Popen(
        command, cwd=sam.ROOT, env=sam.make_environment(), stdin=subprocess.DEVNULL, stdout=sys.stderr
    ) as process:
        try:
            _wait_for(port, process)
            print(json.dumps({"port": port}), flush=True)
            sys.stdin.buffer.read()
        finally:
            # At SIGTERM, SAM CLI removes its containers.
            process.terminate()
            process.wait(sam.STOP_SECONDS)


def _find_free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SamCliError(f"sam local start-lambda did not start (exit status {process.poll()})")


if __name__ == "__main__":
    try:
        main()
    except SamCliError as error:
        sys.exit(str(error))
