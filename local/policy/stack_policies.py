"""The policies of a stack: who its principals are, what they may do, and what its resources say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.policy.conditions import UnsupportedPolicy
from local.policy.evaluator import Statement, statements

_RESOURCE_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


@dataclass(frozen=True)
class Principal:
    """`name` is a role's logical id, or "user"; `arn` is None for anonymous."""

    name: str
    arn: str | None
    identity: Sequence[Statement]


ADMINISTRATOR = statements({"Statement": {"Sid": "Administrator", "Effect": "Allow", "Action": "*", "Resource": "*"}})


@dataclass(frozen=True)
class StackPolicies:
    """`roles` are by logical id, which is their access key here; `kms_keys` are ARNs by bucket."""

    account: str
    roles: Mapping[str, Principal]
    resource_statements: Sequence[Statement]
    kms_keys: Mapping[str, str]

    def principal(self, access_key: str | None) -> Principal:
        """A role of the stack; or else somebody of the account, whom his own policies permit everything."""
        if access_key is None:
            return Principal("anonymous", None, ())
        if access_key in self.roles:
            return self.roles[access_key]
        return Principal("user", f"arn:aws:iam::{self.account}:user/{access_key}", ADMINISTRATOR)


def read(resources: Sequence[Mapping[str, Any]], account: str, region: str) -> StackPolicies:
    """From the stack's resources, resolved: `logical_id`, `type`, `physical_id`, `properties`.

    AWS's managed policies are not looked up: what only they permit is refused. Raises UnsupportedPolicy.
    """
    key_ids = [r["physical_id"] for r in _of(resources, "KMS::Key")]
    keys = {key_id: f"arn:aws:kms:{region}:{account}:key/{key_id}" for key_id in key_ids}
    return StackPolicies(
        account=account,
        roles={r["logical_id"]: _role(r, resources, account) for r in _of(resources, "IAM::Role")},
        resource_statements=[*_resource_statements(resources, keys)],
        kms_keys={r["physical_id"]: key for r in _of(resources, "S3::Bucket") if (key := _kms_key(r, keys))},
    )


def _of(resources: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [r for r in resources if r["type"] == f"AWS::{kind}"]


def _role(role: Mapping[str, Any], resources: Sequence[Mapping[str, Any]], account: str) -> Principal:
    inline = [policy["PolicyDocument"] for policy in role["properties"].get("Policies", [])]
    attached = [
        r["properties"]["PolicyDocument"]
        for r in _of(resources, "IAM::Policy")
        if role["physical_id"] in r["properties"].get("Roles", [])
    ]
    if _of(resources, "IAM::ManagedPolicy"):
        raise UnsupportedPolicy("AWS::IAM::ManagedPolicy is not known here")
    identity = [statement for document in (*inline, *attached) for statement in statements(document)]
    return Principal(role["logical_id"], f"arn:aws:iam::{account}:role/{role['physical_id']}", identity)


def _resource_statements(resources: Sequence[Mapping[str, Any]], keys: Mapping[str, str]) -> Iterator[Statement]:
    for resource in resources:
        if resource["type"] in _RESOURCE_POLICIES:
            yield from statements(resource["properties"]["PolicyDocument"])
        if resource["type"] == "AWS::KMS::Key" and "KeyPolicy" in resource["properties"]:
            yield from statements(resource["properties"]["KeyPolicy"], resource=keys[resource["physical_id"]])


def _kms_key(bucket: Mapping[str, Any], keys: Mapping[str, str]) -> str | None:
    rules = bucket["properties"].get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    for rule in rules:
        if given := rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"):
            return keys[given.rpartition("/")[2]]
    return None
