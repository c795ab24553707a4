"""Loads a SAM template, and translates it to CloudFormation and the folders of its functions' code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.session import Session
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


class TemplateError(ValueError):
    """The template cannot be translated or its stack created; the message names the resource and the reason."""


@dataclass(frozen=True)
class Translated:
    """A CloudFormation template, and the folder of each function's code by logical id."""

    cloudformation: dict[str, Any]
    code: Mapping[str, Path]


def load(path: Path) -> dict[str, Any]:
    """Load the template without translating it. Raises FileNotFoundError."""
    template: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
    return template


def translate(sam: dict[str, Any], path: Path, parameters: Mapping[str, str], region: str) -> Translated:
    """Translate the template that was loaded from `path`. Raises TemplateError."""
    unknown = parameters.keys() - sam.get("Parameters", {}).keys()
    if unknown:
        raise TemplateError(f"{path} has no parameter {', '.join(sorted(unknown))}")
    shared = sam.get("Globals", {}).get("Function", {})
    code = {}
    for logical_id, resource in sam["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            given = resource.setdefault("Properties", {})
            uri = given.pop("CodeUri", shared.get("CodeUri", "."))
            code[logical_id] = _find_folder(path, logical_id, uri)
            given["InlineCode"] = "the runner reads the code from its folder"
    shared.pop("CodeUri", None)
    return Translated(_transform(sam, path, parameters, region), code)


def _find_folder(template: Path, logical_id: str, uri: Any) -> Path:
    folder = (template.parent / str(uri)).resolve()
    if not folder.is_dir():
        raise TemplateError(f"{template}: {logical_id} has its code in {uri}, which is not a folder")
    return folder


def _transform(sam: dict[str, Any], path: Path, parameters: Mapping[str, str], region: str) -> dict[str, Any]:
    try:
        translator = Translator({}, Parser(), boto_session=Session(region_name=region))
        translated: dict[str, Any] = translator.translate(sam, parameter_values=dict(parameters))
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes) or error.message
        raise TemplateError(f"{path} cannot be translated: {causes}") from error
    return translated
