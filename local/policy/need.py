"""The words of what an API call needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from local.policy.conditions import Context


@dataclass(frozen=True)
class Need:
    """One permission. `context` has the condition keys that are this action's own, in lower case."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


class World(Protocol):
    """What AWS knows while it looks at a call."""

    @property
    def account(self) -> str: ...

    def tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        """An object's tags; None where there is no such object or version."""

    def kms_key(self, bucket: str) -> str | None:
        """The ARN of the key with which a bucket encrypts by default; None: S3's own."""
