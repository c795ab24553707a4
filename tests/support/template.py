"""template.yaml, read once for all tests. No test changes it: `translate_template` reads its own copy."""

from pathlib import Path
from typing import Any

from local.aws import template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE_PATH = ROOT / "template.yaml"
TEMPLATE = template.load(TEMPLATE_PATH)
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def translate_template(**parameters: str) -> dict[str, Any]:
    """Return the template as plain CloudFormation, with these parameters beside its defaults."""
    translated = template.translate(template.load(TEMPLATE_PATH), TEMPLATE_PATH, parameters, "us-east-1")
    return dict(translated.cloudformation)


def take_first_branch(found: Any) -> Any:
    """Return a part of the template in which every condition holds."""
    if isinstance(found, dict) and found.keys() == {"Fn::If"}:
        return take_first_branch(found["Fn::If"][1])
    if isinstance(found, dict):
        return {name: take_first_branch(inner) for name, inner in found.items()}
    return [take_first_branch(inner) for inner in found] if isinstance(found, list) else found
