"""Adds to the built template what only the embedded cloud needs: its endpoint, and each role's access key."""

import json
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.invoke.build import find_packages
from local.stack import EmbeddedCloud

ENDPOINT, ACCESS_KEY = "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"


def write_template(built: Path, to: Path) -> None:
    """Write the template with two more variables, since SAM CLI only passes on variables that a template declares."""
    template: dict[str, Any] = yaml_parse(built.read_text(encoding="utf-8"))
    template["Globals"]["Function"]["Environment"]["Variables"] |= {ENDPOINT: "", ACCESS_KEY: ""}
    for name, folder in find_packages(built).items():
        template["Resources"][name]["Properties"]["CodeUri"] = str(folder.resolve())
    to.write_text(json.dumps(template, indent=1), encoding="utf-8")


def write_variables(cloud: EmbeddedCloud, built: Path, to: Path) -> None:
    """Write the values for --env-vars: those of the embedded stack, the endpoint, and the role's access key."""
    resources = yaml_parse(built.read_text(encoding="utf-8"))["Resources"]
    variables = {
        name: _read_variables(cloud, name) | {ACCESS_KEY: _role_id(resources[name])} for name in find_packages(built)
    }
    to.write_text(json.dumps(variables, indent=1), encoding="utf-8")


def _read_variables(cloud: EmbeddedCloud, function: str) -> dict[str, str]:
    answer = cloud.client("lambda").get_function_configuration(FunctionName=cloud.resource(function))
    given = answer["Environment"]["Variables"]
    return {name: str(value) for name, value in given.items()} | {ENDPOINT: cloud.aws_endpoint_url}


def _role_id(function: dict[str, Any]) -> str:
    """Return the logical id of the function's role, which is its access key in the embedded cloud."""
    given = function["Properties"]["Role"]["Fn::GetAtt"]
    return str((given.split(".") if isinstance(given, str) else given)[0])
