"""The built template with what only the embedded cloud needs: the functions' way to it."""

import json
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.cloud import EmbeddedCloud
from local.invoke.build import packages

ENDPOINT = "AWS_ENDPOINT_URL"


def write(built: Path, to: Path) -> None:
    """SAM CLI passes on only variables that a template declares, so this one declares the endpoint's, too."""
    template: dict[str, Any] = yaml_parse(built.read_text(encoding="utf-8"))
    template["Globals"]["Function"]["Environment"]["Variables"][ENDPOINT] = ""
    for name, folder in packages(built).items():
        template["Resources"][name]["Properties"]["CodeUri"] = str(folder.resolve())
    to.write_text(json.dumps(template, indent=1), encoding="utf-8")


def write_variables(cloud: EmbeddedCloud, built: Path, to: Path) -> None:
    """The values for --env-vars: the functions' own of the embedded stack, and the endpoint."""
    variables = {name: _variables(cloud, name) for name in packages(built)}
    to.write_text(json.dumps(variables, indent=1), encoding="utf-8")


def _variables(cloud: EmbeddedCloud, function: str) -> dict[str, str]:
    answer = cloud.client("lambda").get_function_configuration(FunctionName=cloud.resource(function))
    given = answer["Environment"]["Variables"]
    return {name: str(value) for name, value in given.items()} | {ENDPOINT: cloud.aws_endpoint_url}
