"""The suite uses every permission of a function's role, and the role permits every call of the function.

The embedded cloud refuses what a role does not permit (local/aws/policy), and writes down what was used and refused.
`make test` and `make test-rest` collect that of all embedded clouds in the folder PERMISSIONS_DIR. The latter runs the
comparison last.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import PERMISSIONS_DIR
from tests.support.template import FUNCTIONS, RESOURCES

# guardctl has a role as well.
ROLES = sorted({properties["Role"]["Fn::GetAtt"][0] for properties in FUNCTIONS.values()} | {"OperatorRole"})

POLICIES = {
    name: [role["Ref"] for role in r["Properties"]["Roles"]]
    for name, r in RESOURCES.items()
    if r["Type"] == "AWS::IAM::Policy" and any({"Ref": role} in r["Properties"]["Roles"] for role in ROLES)
}

# Permissions that no call of the suite uses, and why they are there.
JUSTIFIED = {
    "logs:CreateLogStream": "Lambda writes the function's output",
    "logs:PutLogEvents": "Lambda writes the function's output",
    "kms:Decrypt": "S3 decrypts uploads under a customer's key, and the embedded cloud encrypts none",
    "sqs:GetQueueAttributes": "Lambda's poller reads how long the queue is",
    "lambda:GetEventSourceMapping": "doctor reads the state of each, and the embedded cloud makes none",
}
# IAM knows no resource for these (service authorization reference, "Actions, resources, and condition keys").
WITHOUT_RESOURCE = {"lambda:GetAccountSettings"}


def listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def statements(found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement below, each with the name of the policy's property."""
    if isinstance(found, list):
        for one in found:
            yield from statements(one)
    if isinstance(found, dict):
        for name, inner in found.items():
            if isinstance(inner, dict) and "Statement" in inner:
                yield from ((name, s) for s in given_statements(inner["Statement"]))
            else:
                yield from statements(inner)


def given_statements(found: Any) -> Iterator[dict[str, Any]]:
    """Yield the statements, also those that depend on a condition."""
    for one in listed(found):
        if "Fn::If" in one:
            yield from given_statements([s for s in one["Fn::If"][1:] if "Effect" in s])
        else:
            yield one


def actions(policy: str) -> set[str]:
    return {a for _, s in statements(RESOURCES[policy]["Properties"]) for a in listed(s["Action"])}


def granted(role: str) -> set[str]:
    """Return what the template's policies allow a role, also those that only a parameter makes."""
    return set().union(*(actions(policy) for policy, roles in POLICIES.items() if role in roles))


def used(recorded: list[dict[str, Any]], *roles: str) -> set[str]:
    return {line["action"] for line in recorded if line["principal"] in roles and line["allowed"]}


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    """Read the records of the whole suite: principal, action, allowed, and why it was refused."""
    folder = os.environ.get(PERMISSIONS_DIR)
    if folder is None:
        pytest.skip(
            f"make test-rest runs this after all other tests, and names with {PERMISSIONS_DIR} what they recorded"
        )
    lines = [line for file in Path(folder).glob("*.jsonl") for line in file.read_text().splitlines()]
    assert lines, f"nothing was recorded in {folder}"
    return [json.loads(line) for line in lines]


@pytest.mark.last
@pytest.mark.parametrize("policy", POLICIES)
def test_every_permission_is_used_or_justified(recorded: list[dict[str, Any]], policy: str) -> None:
    """One of the roles with the policy must use it, since the scanner is the same in each."""
    assert actions(policy) - used(recorded, *POLICIES[policy]) - JUSTIFIED.keys() == set()


@pytest.mark.last
@pytest.mark.parametrize("role", ROLES)
def test_role_grants_every_permission_that_was_used(recorded: list[dict[str, Any]], role: str) -> None:
    """A resource's policy alone is not enough."""
    assert used(recorded, role) - granted(role) == set()


@pytest.mark.last
@pytest.mark.parametrize("role", ROLES)
def test_no_call_was_refused(recorded: list[dict[str, Any]], role: str) -> None:
    """A test may name a table, a queue or a bucket `missing`, and be refused."""
    refused = [line for line in recorded if line["principal"] == role and not line["allowed"]]
    assert [line for line in refused if "missing" not in line["resource"]] == []


def test_every_justified_permission_is_granted() -> None:
    assert JUSTIFIED.keys() <= set().union(*map(granted, ROLES))


def test_every_function_has_a_role_with_policies() -> None:
    assert len(ROLES) >= 2
    assert all(RESOURCES[role]["Type"] == "AWS::IAM::Role" and granted(role) for role in ROLES)
    assert not [name for name, properties in FUNCTIONS.items() if "Policies" in properties]


def test_no_statement_is_for_every_resource() -> None:
    """In a key's own policy "*" is the key."""
    for name, resource in RESOURCES.items():
        for policy, statement in statements(resource.get("Properties", {})):
            if policy not in ("KeyPolicy", "AssumeRolePolicyDocument"):
                is_needed = set(listed(statement["Action"])) <= WITHOUT_RESOURCE
                assert is_needed or "*" not in listed(statement["Resource"]), f"{name}: {statement}"


def test_only_key_policies_allow_actions_by_wildcard() -> None:
    for name, resource in RESOURCES.items():
        for policy, statement in statements(resource.get("Properties", {})):
            if statement["Effect"] == "Allow" and policy != "KeyPolicy":
                assert not any("*" in action for action in listed(statement["Action"])), f"{name}: {statement}"
