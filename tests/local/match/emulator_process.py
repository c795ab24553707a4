"""Starts the emulator as a process, for tests of its start and its end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests


@contextmanager
def start_process(
    *options: str, stdin: int = subprocess.DEVNULL
) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, str]]]:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "local.match", "--port", "0", "--key", "key", *options],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        assert process.stdout
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def fail_to_start(*options: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "local.match", "--key", "key", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    return done.returncode, done.stderr


def is_answering(control: str) -> bool:
    try:
        return requests.get(f"{control}/stats", timeout=10).ok
    except requests.ConnectionError:
        return False
