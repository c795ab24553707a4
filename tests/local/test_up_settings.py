"""The parameters, the port and the .env file of `make up`."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.invoke.errors import CannotRunError
from local.stack import TEMPLATE, Endpoints
from local.up_files import format_environment
from local.up_port import choose_port
from local.up_settings import read_settings

PARAMETERS: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]


def test_variables_of_the_command_line_become_parameters() -> None:
    given = r"s -j2 -- MODE=observe MAX_DELETIONS_PER_HOUR=2 READABLE_STATUSES=clean,video ALARM_EMAIL=a\ b$$@c RATE=5"
    with pytest.raises(CannotRunError, match="ALARM_EMAIL=a b"):
        read_settings({}, given)
    parameters = read_settings({}, given.replace(r"\ b", "b"))["parameters"]
    assert parameters == {
        "Mode": "observe",
        "MaxDeletionsPerHour": "2",
        "ReadableStatuses": "clean,video",
        "AlarmEmail": "ab$@c",
    }


def test_variables_of_the_shell_are_not_taken() -> None:
    assert read_settings({"MODE": "observe", "LOG_LEVEL": "debug"}, "")["parameters"] == {}


def test_command_line_wins_over_the_list() -> None:
    environ = {"PARAMETERS": "Mode=enforce Workers=3"}
    assert read_settings(environ, "-- MODE=observe")["parameters"] == {"Mode": "observe", "Workers": "3"}


@pytest.mark.parametrize(
    "given",
    [
        "MODE=Observe",
        "WORKERS=1",
        "WORKERS=many",
        "WORKERS=1001",
        "READABLE_STATUSES=clean,all",
        "LOG_RETENTION_DAYS=2",
    ],
)
def test_wrong_value_is_named_with_its_constraint(given: str) -> None:
    with pytest.raises(CannotRunError, match=rf"^{given}: Must be "):
        read_settings({}, f"-- {given}")


def test_unknown_name_is_reported() -> None:
    with pytest.raises(CannotRunError, match=r"MODUS=observe: template\.yaml has no such parameter"):
        read_settings({}, "-- MODUS=observe")
    with pytest.raises(CannotRunError, match="no parameter Modus"):
        read_settings({"PARAMETERS": "Modus=observe"})


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - {"MatchEndpoint"}))
def test_every_parameter_of_the_template_can_be_given(name: str) -> None:
    variable = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).lstrip("_").upper()
    default = str(PARAMETERS[name]["Default"])
    assert read_settings({}, f"-- {variable}={default}")["parameters"] == {name: default}


def test_taken_port_is_refused_if_given_and_replaced_if_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotRunError, match=f"PORT={port}: the port is taken"):
            choose_port({"PORT": str(port)})
        assert choose_port({}, default=port) == 0
    assert choose_port({}, default=port) == choose_port({"PORT": str(port)}) == port
    assert choose_port({"PORT": "0"}) == 0


@pytest.mark.parametrize("given", ["x", "-1", "65536", "80.0"])
def test_wrong_port_is_refused(given: str) -> None:
    with pytest.raises(CannotRunError, match=f"PORT={given}: give a port"):
        choose_port({"PORT": given})


def test_shell_reads_the_environment_file(tmp_path: Path) -> None:
    endpoints = Endpoints("http://127.0.0.1:1", "us-east-1", "a b", "q", "it's", "r", "d", "http://match")
    (tmp_path / ".env").write_text(format_environment(endpoints), encoding="utf-8")
    script = "set -a; . ./.env; set +a; env"
    shown = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", script], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {"AWS_ENDPOINT_URL=http://127.0.0.1:1", "UPLOAD_BUCKET=a b", "RESULTS_TABLE=it's"} <= set(shown)
    assert {"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=any"} <= set(shown)
    assert not any(line.startswith("MATCH_ENDPOINT") for line in shown)
