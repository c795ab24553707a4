"""`sam local start-lambda`, for as long as its owner lives: however that ends, so do SAM CLI and its containers.

python -m local.invoke.start_lambda FOLDER is the process between the two: it announces itself with {"port": ...}
once Lambda's API answers there, and ends SAM CLI at the end of its own standard input.
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
    """The URL of Lambda's API for the functions of the template in `folder`, on loopback. Raises HelperFailed.

    A function's container is started at its first invocation, and kept for the next ones.
    """
    log.write_bytes(b"")  # what is in it then is this start's
    argv = [sys.executable, "-m", "local.invoke.start_lambda", str(folder.resolve())]  # SAM CLI runs elsewhere
    helper = HelperProcess("sam local start-lambda", argv, log)
    try:
        yield f"http://127.0.0.1:{helper.announcement(2 * START_SECONDS)['port']}"
    finally:
        helper.stop(2 * sam.STOP_SECONDS)


def main() -> None:
    port = _free_port()
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
            process.terminate()  # it removes its containers
            process.wait(sam.STOP_SECONDS)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SamCliError(f"sam local start-lambda did not start (exit status {process.poll()})")


if __name__ == "__main__":
    try:
        main()
    except SamCliError as failed:
        sys.exit(str(failed))
