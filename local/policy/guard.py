"""Decides each API call against a stack's policies, and writes down who used which permission."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from local.policy.api_call import ApiCall, UnknownCall
from local.policy.evaluator import Decision, Request, Statement, decide
from local.policy.need import Need, World
from local.policy.needs import needs
from local.policy.stack_policies import Principal, StackPolicies

_S3 = "arn:aws:s3:::"
JUDGE = "judge"
"""The access key that no policy binds: of whoever looks, from outside, whether all is as it should be."""


@dataclass(frozen=True)
class Refusal:
    """`principal` is a role's logical id, "user" or "anonymous"."""

    principal: str
    action: str
    resource: str
    because: str


class Record:
    """Permissions that were used and refused, each once: in memory, and as lines of JSON. Safe for threads."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self._seen: dict[tuple[str, str, bool], dict[str, Any]] = {}

    def add(self, principal: str, action: str, refusal: Refusal | None = None) -> None:
        with self._lock:
            known = self._seen.get((principal, action, refusal is None))
            if known is not None:
                known["count"] += 1
                return
            why = {"resource": refusal.resource, "because": refusal.because} if refusal else {}
            line = {"principal": principal, "action": action, "allowed": refusal is None, "count": 1, **why}
            self._seen[principal, action, refusal is None] = line
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({k: v for k, v in line.items() if k != "count"}) + "\n")

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(line) for line in self._seen.values()]


class Guard:
    """Precompiled: for each principal and action only the statements that can apply are looked at."""

    def __init__(self, policies: StackPolicies, world: World, record: Record) -> None:
        self._policies, self._world, self._record = policies, world, record
        self._candidates: dict[tuple[str, str], tuple[list[Statement], list[Statement]]] = {}
        self._alike: dict[str, str] = {}

    def treat_alike(self, bucket: str, as_bucket: str) -> None:
        """What policies say of `as_bucket` is said of `bucket` as well."""
        self._alike[bucket] = as_bucket

    def refusal(self, call: ApiCall) -> Refusal | None:
        """Why the call is refused; None where it is permitted. Raises UnknownCall."""
        if call.access_key == JUDGE:
            return None
        principal = self._policies.principal(call.access_key)
        for need in self._needs(call, principal):
            made = self._decide(principal, need)
            refusal = None if made.allowed else Refusal(principal.name, need.action, need.resource, made.because)
            self._record.add(principal.name, need.action, refusal)
            if refusal:
                return refusal
        return None

    def _needs(self, call: ApiCall, principal: Principal) -> Iterator[Need]:
        try:
            yield from needs(call, self._world)
        except UnknownCall as unknown:
            # No policy of a stack speaks of how a person manages the account; of objects they do.
            if principal.name == "user" and not call.key:
                return
            self._record.add(principal.name, call.name, Refusal(principal.name, call.name, "", str(unknown)))
            raise

    def _decide(self, principal: Principal, need: Need) -> Decision:
        context = {"aws:securetransport": ("true",), **need.context}  # the embedded cloud's HTTP stands for HTTPS
        if principal.arn is not None:
            context["aws:principalarn"] = (principal.arn,)
        identity, resource = self._statements(principal, need.action)
        request = Request(principal.arn, need.action, self._named(need.resource), context)
        return decide(request, identity, resource, resource_must_allow=need.action.startswith("kms:"))

    def _named(self, resource: str) -> str:
        """The resource as policies speak of it."""
        if not self._alike or not resource.startswith(_S3):
            return resource
        bucket, slash, key = resource.removeprefix(_S3).partition("/")
        return f"{_S3}{self._alike.get(bucket, bucket)}{slash}{key}"

    def _statements(self, principal: Principal, action: str) -> tuple[list[Statement], list[Statement]]:
        found = self._candidates.get((principal.name, action))
        if found is None:
            every = (principal.identity, self._policies.resource_statements)
            identity, resource = ([s for s in some if s.speaks_of(action)] for some in every)
            found = self._candidates[principal.name, action] = identity, resource
        return found
