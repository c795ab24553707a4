"""Every policy document of the template, resolved, with the parameters that switch policies on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.policy.deployed import ACCOUNT, Deployed

PARAMETERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {
        "AlarmEmail": "on-call@example.com",
        "LegalHold": "on",
        "RetentionMode": "COMPLIANCE",
        "BreakGlassPrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/break-glass",
    },
}


@dataclass(frozen=True)
class StackDocument:
    """A policy: whose it is, in which property it stands, and its statements."""

    owner: str
    property: str
    document: dict[str, Any]


def list_documents(**parameters: Any) -> list[StackDocument]:
    """Return the policy documents of the stack's resources, wherever they stand."""
    return [
        StackDocument(resource["logical_id"], name, document)
        for resource in Deployed(**parameters).resources()
        for name, document in _find_documents(resource["properties"], "")
    ]


def _find_documents(value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict) and "Statement" in value:
        yield name, value
        return
    children = (
        value.items() if isinstance(value, dict) else ((name, v) for v in value) if isinstance(value, list) else ()
    )
    for child_name, child in children:
        yield from _find_documents(child, child_name)
