"""Python processes that tests start, and the processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

StartPython = Callable[..., subprocess.Popen[str]]


@contextmanager
def python_starter(folder: Path) -> Iterator[StartPython]:
    """Yield a function that starts Python in the folder; at the end, kill every process that it started."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **variables}
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-u", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def list_descendants(ancestor: int) -> set[int]:
    """Return the children of a process, their children and so on, without zombies."""
    parents = list_processes()
    found = {ancestor}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {ancestor}


def list_processes() -> dict[int, int]:
    """Return the parent of each process that runs, without zombies."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)  # noqa: S607
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}
