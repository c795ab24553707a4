"""Starts execution environments by forking warm processes, one for each folder of code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import IO

WARM_PROCESS = Path(__file__).with_name("warm_process.py")


class WarmProcessError(RuntimeError):
    """The warm process has ended, so that no environment can start. The message names its log."""


@dataclass(frozen=True)
class Preload:
    """What environments share the memory of: imported modules, and botocore's models of services.

    Only what does nothing but define may be named. What connects, or reads the environment's variables, an environment
    has to do itself, as it does in Lambda.
    """

    modules: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


NOTHING = Preload()


class ForkedProcess:
    """An environment's process: its events and results, and the socket that ends it and tells how it ended."""

    def __init__(self, events: int, results: int, life: socket.socket) -> None:
        self.events: IO[bytes] = os.fdopen(events, "wb")
        self.results: IO[bytes] = os.fdopen(results, "rb")
        self._life = life

    def kill(self) -> None:
        """Have the process killed, if it has not ended."""
        with suppress(OSError):
            self._life.shutdown(socket.SHUT_WR)

    def wait(self, timeout: float) -> int:
        """Return the exit code, negative for a signal. Raises TimeoutError."""
        status = b""
        try:
            self._life.settimeout(timeout)
            status = self._life.recv(16)
        except TimeoutError:
            raise
        except OSError:
            # Another thread has closed the environment, which ends it.
            pass
        return int(status) if status else -signal.SIGKILL

    def close(self) -> None:
        """Kill the process, wait for its end, and close the files."""
        self.kill()
        with suppress(OSError):
            self.wait(5.0)
        for file in (self.events, self.results, self._life):
            with suppress(OSError):
                file.close()


class WarmProcess:
    """The warm process of one folder of code."""

    def __init__(self, code: Path, preload: Preload, log: Path) -> None:
        self._log = log
        self._control, other = socket.socketpair()
        with log.open("ab") as output, other:
            self._process = subprocess.Popen(
                # -P keeps the folder of warm_process.py out of the function's import path.
                [sys.executable, "-P", "-u", str(WARM_PROCESS), str(other.fileno()), json.dumps(asdict(preload))],
                cwd=code,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(code), "LANG": "en_US.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[other.fileno()],
                start_new_session=True,
            )

    def fork(self, log: Path) -> ForkedProcess:
        """Start a process whose output goes to `log`. Raises WarmProcessError."""
        (events_reader, events), (results, results_writer) = os.pipe(), os.pipe()
        life, other = socket.socketpair()
        with log.open("ab") as output, other:
            try:
                socket.send_fds(self._control, [b"f"], [events_reader, results_writer, output.fileno(), other.fileno()])
            except OSError:
                raise WarmProcessError(f"the functions' warm process has ended. Its log is {self._log}") from None
            finally:
                os.close(events_reader)
                os.close(results_writer)
        return ForkedProcess(events, results, life)

    def close(self) -> None:
        """End the warm process. Its children end as their events do."""
        self._control.close()
        self._process.kill()
        self._process.wait()


class WarmProcesses:
    """The warm processes of a runner, by folder of code. Any thread may use it."""

    def __init__(self, preload: Preload, log_dir: Path) -> None:
        self._preload, self._log_dir = preload, log_dir
        self._lock = Lock()
        self._made: dict[Path, WarmProcess] = {}

    def get(self, code: Path) -> WarmProcess:
        """Return the warm process of that folder, and start it at the first time."""
        with self._lock:
            if code not in self._made:
                log = self._log_dir / "warm_process.log"
                self._made[code] = WarmProcess(code, self._preload, log)
            return self._made[code]

    def prepare(self, folders: Mapping[str, Path]) -> None:
        """Start the warm processes of these folders, without waiting for them."""
        for code in folders.values():
            self.get(code)

    def close(self) -> None:
        """End all warm processes."""
        with self._lock:
            for process in self._made.values():
                process.close()
