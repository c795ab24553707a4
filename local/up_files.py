"""The files of a running `make up`: endpoints.json for programs, and .env for the AWS CLI and SDKs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from local.stack import Endpoints

BUILD = Path("build/local")
ENDPOINTS, ENVIRONMENT = BUILD / "endpoints.json", BUILD / ".env"
_HEADER = "# Written by make up, and removed at its end. Use it with: set -a; . build/local/.env; set +a"
# A shell that has this set would give it to the next make up.
_LEFT_OUT = ("match_endpoint", "region")


def format_environment(endpoints: Endpoints) -> str:
    """Format the variables for the AWS CLI, and the stack's names, for bash, zsh and programs that read .env files."""
    variables = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    variables |= dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), endpoints.region)
    variables |= {name.upper(): value for name, value in asdict(endpoints).items() if name not in _LEFT_OUT}
    return "\n".join([_HEADER, *(f"{name}={shlex.quote(value)}" for name, value in variables.items())]) + "\n"


@contextmanager
def endpoint_files(endpoints: Endpoints) -> Iterator[None]:
    """Write both files, and remove them at the end of the block.

    Each is written in one step so that no reader sees half of it, and endpoints.json last: it says that all is ready.
    """
    _write(ENVIRONMENT, format_environment(endpoints))
    _write(ENDPOINTS, json.dumps(asdict(endpoints), indent=2) + "\n")
    try:
        yield
    finally:
        ENDPOINTS.unlink(missing_ok=True)
        ENVIRONMENT.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
