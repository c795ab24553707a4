"""Runs the Match emulator: `python -m local.match --key KEY`. It emulates the interface, and is not PhotoDNA.

Prints one line of JSON as soon as it listens: the URLs of the operation and of the control API.
"""

import argparse
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from local.match.answers import RefusalError
from local.match.fingerprint import preload_modules
from local.match.gateway import Gateway
from local.match.operation import MatchOperation
from local.match.rate_window import read_rate
from local.match.server import MATCH_PATH, MatchServer

NOTE = "an emulator of the interface with ImageHash's pHash, an open perceptual hash; not PhotoDNA"


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or, with --die-with-stdin, the end of standard input. Return the exit code."""
    options = _options(arguments)
    operation = MatchOperation(Gateway(options.key, options.rate), options.latency, options.allow_host)
    # An import while the emulator listens delays the recorded arrival of a request: 26 ms were measured.
    preload_modules()
    try:
        _add_folder_to_hash_list(operation, options.test_list)
        server = MatchServer((options.host, options.port), operation)
    except RefusalError as refusal:
        return _fail(str(refusal))
    except OSError as error:
        return _fail(f"cannot listen on {options.host}:{options.port}: {error.strerror}. Take another --port, or 0")
    _serve(server, options)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.match", description=NOTE)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--port", type=_port, default=0, help="0 takes any free port (default)")
    parser.add_argument("--key", required=True, help="the subscription key that requests must carry")
    parser.add_argument("--rate", type=_rate, default=10, help="requests a second, such as 2.5 (default: 10)")
    parser.add_argument("--latency", type=_seconds, default=0.1, help="the seconds that an answer takes (default: 0.1)")
    parser.add_argument("--test-list", type=_folder, help="a folder of pictures that match with the source Test")
    host_help = "another host than this machine that URLs may name (may be repeated)"
    parser.add_argument("--allow-host", action="append", default=[], help=host_help)
    parser.add_argument("--die-with-stdin", action="store_true", help="stop at the end of standard input")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
    return int(text)


def _rate(text: str) -> float:
    try:
        return read_rate(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0.1 or more") from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 or more")
    return seconds


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return Path(text)


def _add_folder_to_hash_list(operation: MatchOperation, folder: Path | None) -> None:
    for path in sorted(folder.iterdir()) if folder else []:
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            operation.add_to_hash_list(path.read_bytes(), match_id=path.stem)
        except RefusalError as refusal:
            raise RefusalError(refusal.code, f"{path}: {refusal}. Take it out of the test list") from refusal


def _raise_scheduling_priority() -> None:
    """Keep other processes, and threads that hash, from delaying the recorded arrival times.

    A real service has machines of its own. If the system does not allow the change, the delays of a busy machine
    are part of the arrival times.
    """
    sys.setswitchinterval(0.0005)
    # Only Linux has this call, and only for privileged users.
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _serve(server: MatchServer, options: argparse.Namespace) -> None:
    _raise_scheduling_priority()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.die_with_stdin:
        threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    host = "127.0.0.1" if options.host == "0.0.0.0" else options.host  # noqa: S104
    base = f"http://{host}:{server.server_port}"
    addresses = {"match_endpoint": f"{base}{MATCH_PATH}", "control": f"{base}/_emulator"}
    print(json.dumps({**addresses, "emulator": NOTE}), flush=True)
    stop.wait()
    server.shutdown()
    server.server_close()


def _wait_for_end_of_input(stop: threading.Event) -> None:
    # A thread that is blocked in sys.stdin holds a lock that the interpreter needs at its exit; os.read takes none.
    # An OSError means that standard input is closed already.
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    stop.set()


def _fail(message: str) -> int:
    print(f"match emulator: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
