"""Every policy document of the template, resolved, with the parameters that switch policies on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.aws.policy import stack_policies
from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, REGION, UPLOADS, Deployed, gate_statements
from tests.policy.gated_bucket import make_policies_of_statements

SECOND_SCANNER = f"arn:aws:iam::{ACCOUNT}:role/second-scanner"
PARAMETERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {
        "AlarmEmail": "on-call@example.com",
        "LegalHold": "on",
        "RetentionMode": "COMPLIANCE",
        "BreakGlassPrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/break-glass",
        "SecondScannerRoleArn": SECOND_SCANNER,
        "UploadKeyArns": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-uploads",
    },
}


@dataclass(frozen=True)
class StackDocument:
    """A policy: whose it is, in which element it stands, and the owner's properties."""

    owner: str
    element: str
    document: dict[str, Any]
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """A name that is unique in the stack."""
        return f"{self.owner}-{self.element}"

    @property
    def is_trust_policy(self) -> bool:
        """Whether it says who may assume a role."""
        return self.element == "AssumeRolePolicyDocument"


def list_documents(**parameters: Any) -> list[StackDocument]:
    """Return the policy documents of the stack's resources, wherever they stand."""
    return [
        StackDocument(resource["logical_id"], name, document, resource["properties"])
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


@dataclass(frozen=True)
class EvaluatedStack:
    """A stack's policies as our evaluator compiles them, and as documents for another evaluator."""

    policies: StackPolicies
    documents: list[StackDocument]

    def find_policy_of(self, resource: str) -> str | None:
        """Return the name of the policy that stands at a resource."""
        bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        where = {"Bucket": bucket, "Queues": resource.rpartition(":")[2], "Topics": resource}
        for one in self.documents:
            if any(value in one.properties.get(name, ()) for name, value in where.items()):
                return one.name
            if one.element == "KeyPolicy" and resource.endswith(f":key/{one.owner}-id"):
                return one.name
        return None


def evaluated_stack(**parameters: Any) -> EvaluatedStack:
    """Return the stack with these parameters. Trust policies are left out."""
    policies = stack_policies.parse_policies(Deployed(**parameters).resources(), ACCOUNT, REGION)
    return EvaluatedStack(policies, [one for one in list_documents(**parameters) if not one.is_trust_policy])


def evaluated_existing_bucket() -> EvaluatedStack:
    """Return the stack where an operator pasted its output into the policy of a bucket that was there before."""
    statements = gate_statements(Deployed(), UPLOADS)
    pasted = StackDocument("Pasted", "Policy", {"Version": "2012-10-17", "Statement": statements}, {"Bucket": UPLOADS})
    others = [one for one in list_documents() if not one.is_trust_policy and "Bucket" not in one.properties]
    return EvaluatedStack(make_policies_of_statements(statements), [*others, pasted])
