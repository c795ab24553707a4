"""A helper process that writes messages as lines of JSON, and ends with its parent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast


class HelperFailedError(RuntimeError):
    """A helper process ended, or did not announce itself in time; the message names its log."""


class HelperProcess:
    """A child whose standard input is a pipe: when the parent ends, the child reads the end of it.

    The child has its own session: Ctrl-C reaches the parent only, which then ends the child in order.
    """

    def __init__(self, name: str, argv: Sequence[str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        self._input = cast("IO[str]", self._process.stdin)
        self._output = cast("IO[str]", self._process.stdout)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def read_announcement(self, timeout: float = 60.0) -> dict[str, Any]:
        """Return the first message. Raises HelperFailedError if none comes in time."""
        timer = Timer(timeout, self._process.kill)
        timer.start()
        try:
            line = next(self.iter_messages(), None)
        finally:
            timer.cancel()
        if line is None:
            raise HelperFailedError(f"{self.name} did not start. Its log is {self.log}")
        return line

    def iter_messages(self) -> Iterator[dict[str, Any]]:
        """Yield the child's messages until it ends."""
        while line := self._output.readline():
            yield json.loads(line)

    def stop(self, grace_seconds: float = 2.0) -> None:
        """Close the child's input, and kill the child if it does not end in time."""
        self._input.close()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
