"""Finds what `make judges` installs, and skips a test, with the reason, where it is not here."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.template import ROOT

ENVIRONMENT = ROOT / ".venv/judges"


def skip(reason: str) -> NoReturn:
    """Skip the test; fail it if JUDGES=required says that this machine has every judge."""
    if os.environ.get("JUDGES") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def find_program(name: str) -> Path:
    """Return a program that requirements/judges.txt installs. Skips the test where it is missing."""
    program = ENVIRONMENT / "bin" / name
    if not program.exists():
        skip(f"{name} is not installed here: run `make judges`, which installs requirements/judges.txt")
    return program
