"""Reads the template's parameters that were given to `make up`, and checks them as CloudFormation would (pure)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from local.invoke.errors import CannotRunError

# Variables of make up itself and of the Makefile. They name no parameter of the template.
OWN_NAMES = frozenset(
    [
        "RATE",
        "CONCURRENCY",
        "PARAMETERS",
        "MATCH_ENDPOINT",
        "TEST_LIST",
        "LAMBDA",
        "PORT",
        "PYTHON",
        "SHELL",
        "BIN",
        "RUN",
    ]
)


def to_variable(parameter: str) -> str:
    """Return the variable of a parameter: MaxDeletionsPerHour becomes MAX_DELETIONS_PER_HOUR."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def read_command_line(makeflags: str) -> dict[str, str]:
    """Return the variables that make's command line sets, from make's MAKEFLAGS.

    The environment is not read, because a shell may have a MODE or LOG_LEVEL of its own.
    """
    found = re.search(r"(?:^|\s)--\s(.*)", makeflags, re.DOTALL)
    words = shlex.split(found[1].replace("$$", "$")) if found else []
    pairs = (word.partition("=") for word in words if "=" in word)
    return {name.rstrip(":?+"): value for name, _, value in pairs}


def choose_parameters(command_line: Mapping[str, str], declared: Mapping[str, Any]) -> dict[str, str]:
    """Return the given parameters by their names in the template. Raises CannotRunError for an unknown variable."""
    names = {to_variable(name): name for name in declared}
    unknown = [name for name in command_line if name not in names and name not in OWN_NAMES]
    if unknown:
        raise CannotRunError(f"{unknown[0]}={command_line[unknown[0]]}: template.yaml has no such parameter")
    return {
        names[variable]: value
        for variable, value in command_line.items()
        if variable in names and variable not in OWN_NAMES
    }


def check_parameters(given: Mapping[str, str], declared: Mapping[str, Any], as_variables: bool) -> None:
    """Check the values. Raises CannotRunError, which names the first wrong one as its user wrote it."""
    for name, value in given.items():
        shown = to_variable(name) if as_variables else name
        if name not in declared:
            raise CannotRunError(f"PARAMETERS: template.yaml has no parameter {name}")
        if not _is_allowed(value, declared[name]):
            wanted = declared[name].get("ConstraintDescription", f"Must be a {declared[name]['Type']}.")
            raise CannotRunError(f"{shown}={value}: {wanted}")


def _is_allowed(value: str, declared: Mapping[str, Any]) -> bool:
    items = value.split(",") if declared["Type"] == "CommaDelimitedList" else [value]
    return _is_in_range(value, declared) and all(_is_item_allowed(item.strip(), declared) for item in items)


def _is_in_range(value: str, declared: Mapping[str, Any]) -> bool:
    if len(value) > int(declared.get("MaxLength", len(value))):
        return False
    if declared["Type"] != "Number":
        return True
    try:
        number = float(value)
    except ValueError:
        return False
    return float(declared.get("MinValue", "-inf")) <= number <= float(declared.get("MaxValue", "inf"))


def _is_item_allowed(item: str, declared: Mapping[str, Any]) -> bool:
    allowed = [str(one) for one in declared.get("AllowedValues", [])]
    return (not allowed or item in allowed) and re.fullmatch(
        declared.get("AllowedPattern", "(?s:.*)"), item
    ) is not None
