"""One permission that an API call requires, and the state of the account that it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from local.aws.policy.conditions import Context


@dataclass(frozen=True)
class Permission:
    """An action on a resource. `context` has the action's own condition keys, in lower case."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


class AccountState(Protocol):
    """What AWS looks up in the account when it authorizes a call."""

    @property
    def account(self) -> str:
        """The account's number."""

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        """Return an object's tags; None if there is no such object or version."""

    def bucket_policy(self, bucket: str) -> str | None:
        """Return the policy that somebody put on a bucket of no stack, as JSON; None where there is none."""

    def kms_key(self, bucket: str) -> str | None:
        """Return the ARN of the KMS key with which a bucket encrypts by default; None if S3 encrypts itself."""

    def partition_key(self, region: str, table: str) -> str | None:
        """Return the name of a DynamoDB table's partition key; None if there is no such table."""
