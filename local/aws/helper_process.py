"""Starts a helper process that announces itself with a line of JSON, and that ends when we end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast


class HelperFailed(RuntimeError):
    """A helper process ended, or did not announce itself in time; the message names its log."""


class HelperProcess:
    """A child with a pipe to its standard input: at our end, however it comes, the child reads the end of it.

    It gets a session of its own, so that Ctrl-C reaches us alone and we end it in order.
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
        return self._process.pid

    def announcement(self, within_seconds: float = 60.0) -> dict[str, Any]:
        """The first line. Raises HelperFailed when none comes."""
        timer = Timer(within_seconds, self._process.kill)
        timer.start()
        try:
            line = next(self.lines(), None)
        finally:
            timer.cancel()
        if line is None:
            raise HelperFailed(f"{self.name} did not start. What it said is in {self.log}")
        return line

    def lines(self) -> Iterator[dict[str, Any]]:
        """What the child writes, line by line, until it ends."""
        while line := self._output.readline():
            yield json.loads(line)

    def stop(self, grace_seconds: float = 2.0) -> None:
        """Closes the child's input, and kills it where that is not enough."""
        self._input.close()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
