"""The documents name guardctl's commands as they are."""

import re
from typing import Any

import pytest
import typer

from ops.guardctl.main import app
from tests.support.template import ROOT

DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
# In the text and in fenced blocks alike: the rest of the code span, or of the line before a comment.
CALL = re.compile(r"(?<![\w/])guardctl((?: +(?!#)[^\s`|#,;]+)+)")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def calls() -> list[tuple[str, str]]:
    spans = [(d.name, span) for d in DOCUMENTS for span in re.findall(r"`+(?:sh\n)?([^`]+)`+", d.read_text("utf-8"))]
    return [(name, call.strip()) for name, span in spans for call in CALL.findall(span)]


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that the words name, and what follows it."""
    while words[:1] == ["--stack"]:
        words = words[2:]
    command, rest = COMMANDS[words[0]], words[1:]
    if subcommands := getattr(command, "commands", None):
        command, rest = subcommands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize(("document", "call"), sorted(set(calls())))
def test_documented_call_names_a_command_and_its_options(document: str, call: str) -> None:
    if call.split()[0] == "COMMAND":
        return
    command, rest = resolve(call.split())
    known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    assert {word for word in rest if word.startswith("--")} <= known


def test_every_command_is_documented() -> None:
    documented = {resolve(call.split())[0].name for _, call in calls() if call.split()[0] != "COMMAND"}
    everything = {
        one.name for command in COMMANDS.values() for one in getattr(command, "commands", {"": command}).values()
    }
    assert everything - documented == set()


def test_a_wrong_call_would_be_found() -> None:
    with pytest.raises(KeyError):
        resolve(["releese", "x"])
