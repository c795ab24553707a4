"""Reads and checks the settings of `make up`: its environment variables, and the template's parameters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.aws.concurrency import DEFAULT_CONCURRENCY
from local.invoke.errors import CannotRunError
from local.stack import TEMPLATE
from local.up_parameters import check_parameters, choose_parameters, read_command_line
from photodna_guard.settings import parse_match_endpoint


def runs_in_containers(environ: dict[str, str]) -> bool:
    """Tell whether LAMBDA asks for containers. Raises CannotRunError for an unknown value."""
    if environ.get("LAMBDA", "") not in ("", "sam"):
        raise CannotRunError(f"LAMBDA={environ['LAMBDA']}: give sam for containers, or nothing for plain processes")
    return bool(environ.get("LAMBDA"))


def read_settings(environ: dict[str, str], makeflags: str = "") -> dict[str, Any]:
    """Read EmbeddedCloud's arguments from the variables that docs/local-development.md lists. Raises CannotRunError."""
    rate = _read_number(environ, "RATE", 10)
    if not 0.1 <= rate <= 1000:
        raise CannotRunError(f"RATE={environ['RATE']}: give requests a second, a number from 0.1 to 1000")
    concurrency = _read_number(environ, "CONCURRENCY", DEFAULT_CONCURRENCY)
    if not 1 <= concurrency <= 1000 or concurrency % 1:
        raise CannotRunError(f"CONCURRENCY={environ['CONCURRENCY']}: give executions at a time, 1 to 1000")
    test_list = Path(environ["TEST_LIST"]) if environ.get("TEST_LIST") else None
    if test_list is not None and not test_list.is_dir():
        raise CannotRunError(f"TEST_LIST={test_list}: give a folder of pictures for the emulator to match")
    given = {"rate": rate, "concurrency": int(concurrency), "test_list": test_list}
    return given | {"match_endpoint": _read_match_endpoint(environ), "parameters": _read_parameters(environ, makeflags)}


def _read_parameters(environ: dict[str, str], makeflags: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in environ.get("PARAMETERS", "").split()]
    if not all(name and equals for name, equals, _ in pairs):
        raise CannotRunError(f"PARAMETERS={environ['PARAMETERS']}: give the template's, such as Workers=3 Mode=observe")
    declared = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]
    listed = {name: value for name, _, value in pairs}
    check_parameters(listed, declared, as_variables=False)
    chosen = choose_parameters(read_command_line(makeflags), declared)
    check_parameters(chosen, declared, as_variables=True)
    return listed | chosen


def _read_number(environ: dict[str, str], name: str, default: float) -> float:
    try:
        return float(environ.get(name) or default)
    except ValueError:
        return math.nan


def _read_match_endpoint(environ: dict[str, str]) -> str | None:
    given = environ.get("MATCH_ENDPOINT")
    try:
        return parse_match_endpoint(given, allow_http=True) if given else None
    except ValueError:
        wanted = "the URL of a Match operation, such as http://127.0.0.1:8080/photodna/v1.0/Match"
        raise CannotRunError(f"MATCH_ENDPOINT={given}: give {wanted}") from None
