"""Builds the template that imports what an earlier stack left. Pure.

CloudFormation imports a resource as the template has it, and changes nothing of it. So the template is that of the
project without whatever is not there yet: the resources that a stack deletes, the outputs, and the policy statements
that name them. The next deployment brings these.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.errors import CannotProceedError

# The property by which CloudFormation identifies a resource of each type that it can import.
IDENTIFIERS = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::KMS::Key": "KeyId",
    "AWS::IAM::Role": "RoleName",
}
_KEPT = ("Retain", "RetainExceptOnCreate")
_SUBSTITUTED = re.compile(r"\$\{(\w+)(?:\.\w+)?\}")


def find_importable(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of each resource that outlives a stack and can be imported, by logical id."""
    return {
        name: resource["Type"]
        for name, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") in _KEPT and resource["Type"] in IDENTIFIERS
    }


def build_import_template(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template of an import: parameters, conditions and what is imported."""
    kept = find_importable(template)
    others = template["Resources"].keys() - kept.keys()
    resources = {name: _drop_statements(template["Resources"][name], others) for name in kept}
    return {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Description": template["Description"],
        "Parameters": template["Parameters"],
        "Conditions": template["Conditions"],
        "Resources": resources,
    }


def build_resources_to_import(template: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return CloudFormation's list of what to import. `names` has the physical names by logical id.

    A bucket's policy goes by the name of its bucket. Raises CannotProceedError if a name is missing.
    """
    kinds = find_importable(template)
    found = {name: names.get(_named_by(template, name, kind), "") for name, kind in kinds.items()}
    if missing := sorted(name for name, physical in found.items() if not physical):
        raise CannotProceedError(f"The names of {', '.join(missing)} are not known. Give each as NAME=PHYSICAL-NAME")
    return [
        {
            "ResourceType": kind,
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIERS[kind]: found[name]},
        }
        for name, kind in kinds.items()
    ]


def _named_by(template: Mapping[str, Any], name: str, kind: str) -> str:
    is_policy = kind == "AWS::S3::BucketPolicy"
    return str(template["Resources"][name]["Properties"]["Bucket"]["Ref"]) if is_policy else name


def _drop_statements(found: Any, others: set[str]) -> Any:
    """Return a copy without the policy statements that refer to one of the other resources."""
    if isinstance(found, list):
        return [_drop_statements(one, others) for one in found if not _is_statement_of(one, others)]
    if isinstance(found, dict):
        return {name: _drop_statements(inner, others) for name, inner in found.items()}
    return found


def _is_statement_of(found: Any, others: set[str]) -> bool:
    is_statement = isinstance(found, dict) and ("Effect" in found or "Fn::If" in found)
    return is_statement and not others.isdisjoint(iter_references(found))


def iter_references(found: Any) -> Iterator[str]:
    """Yield the names to which Ref, Fn::GetAtt and Fn::Sub refer."""
    if isinstance(found, list):
        for one in found:
            yield from iter_references(one)
    elif isinstance(found, dict):
        if "Ref" in found:
            yield str(found["Ref"])
        if "Fn::GetAtt" in found:
            target = found["Fn::GetAtt"]
            yield str(target[0] if isinstance(target, list) else target.split(".")[0])
        if "Fn::Sub" in found:
            text, own = found["Fn::Sub"] if isinstance(found["Fn::Sub"], list) else (found["Fn::Sub"], {})
            yield from (name for name in _SUBSTITUTED.findall(text) if name not in own)
        for inner in found.values():
            yield from iter_references(inner)
