"""Parses the policies of a stack: those of its roles, and those of its resources. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.aws.policy.conditions import UnsupportedPolicyError
from local.aws.policy.evaluator import Statement, parse_statements

_RESOURCE_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


@dataclass(frozen=True)
class Principal:
    """A caller with its identity policies. `name` is a role's logical id, "user" or "anonymous" (`arn` is None)."""

    name: str
    arn: str | None
    identity: Sequence[Statement]


ADMINISTRATOR = parse_statements(
    {"Statement": {"Sid": "Administrator", "Effect": "Allow", "Action": "*", "Resource": "*"}}
)


@dataclass(frozen=True)
class StackPolicies:
    """Roles by logical id, which is their access key here; statements of resource policies; KMS keys by bucket."""

    account: str
    roles: Mapping[str, Principal]
    resource_statements: Sequence[Statement]
    kms_keys: Mapping[str, str]

    def principal(self, access_key: str | None) -> Principal:
        """Return the role of the access key; otherwise a user of the account whose own policies allow everything."""
        if access_key is None:
            return Principal("anonymous", None, ())
        if access_key in self.roles:
            return self.roles[access_key]
        return Principal("user", f"arn:aws:iam::{self.account}:user/{access_key}", ADMINISTRATOR)


def parse_policies(resources: Sequence[Mapping[str, Any]], account: str, region: str) -> StackPolicies:
    """Parse the policies among a stack's resolved resources. Raises UnsupportedPolicyError.

    Each resource has `logical_id`, `type`, `physical_id` and `properties`. AWS's managed policies are not looked up:
    a call that only they permit is refused.
    """
    key_ids = [r["physical_id"] for r in _find_by_type(resources, "KMS::Key")]
    keys = {key_id: f"arn:aws:kms:{region}:{account}:key/{key_id}" for key_id in key_ids}
    return StackPolicies(
        account=account,
        roles={r["logical_id"]: _parse_role(r, resources, account) for r in _find_by_type(resources, "IAM::Role")},
        resource_statements=[*_parse_resource_policies(resources, keys)],
        kms_keys={
            r["physical_id"]: key for r in _find_by_type(resources, "S3::Bucket") if (key := _find_kms_key(r, keys))
        },
    )


def _find_by_type(resources: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [r for r in resources if r["type"] == f"AWS::{kind}"]


def _parse_role(role: Mapping[str, Any], resources: Sequence[Mapping[str, Any]], account: str) -> Principal:
    inline = [policy["PolicyDocument"] for policy in role["properties"].get("Policies", [])]
    attached = [
        r["properties"]["PolicyDocument"]
        for r in _find_by_type(resources, "IAM::Policy")
        if role["physical_id"] in r["properties"].get("Roles", [])
    ]
    if _find_by_type(resources, "IAM::ManagedPolicy"):
        raise UnsupportedPolicyError("AWS::IAM::ManagedPolicy is not supported")
    identity = [statement for document in (*inline, *attached) for statement in parse_statements(document)]
    return Principal(role["logical_id"], f"arn:aws:iam::{account}:role/{role['physical_id']}", identity)


def _parse_resource_policies(resources: Sequence[Mapping[str, Any]], keys: Mapping[str, str]) -> Iterator[Statement]:
    for resource in resources:
        if resource["type"] in _RESOURCE_POLICIES:
            yield from parse_statements(resource["properties"]["PolicyDocument"])
        if resource["type"] == "AWS::KMS::Key" and "KeyPolicy" in resource["properties"]:
            yield from parse_statements(resource["properties"]["KeyPolicy"], resource=keys[resource["physical_id"]])


def _find_kms_key(bucket: Mapping[str, Any], keys: Mapping[str, str]) -> str | None:
    rules = bucket["properties"].get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    for rule in rules:
        if given := rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"):
            return keys[given.rpartition("/")[2]]
    return None
