"""Evaluates IAM policies: may this principal do this action on this resource? Pure.

There was no maintained Python library that evaluates conditions (moto's own evaluation ignores them). What is not
known here is refused when the policy is read, and never passed over.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.policy.conditions import Context, Holds, UnsupportedPolicy, compiled, wildcards

_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?")


@dataclass(frozen=True)
class Request:
    """`principal` is an ARN, None for anonymous; `context` is by condition key in lower case."""

    principal: str | None
    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """`because` is the Sid of the statement that decided, or what was missing."""

    allowed: bool
    because: str


@dataclass(frozen=True)
class Statement:
    """One statement, compiled. `principals` is None in an identity policy."""

    sid: str
    denies: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]
    principals: frozenset[str] | None
    holds: Holds

    def applies(self, request: Request) -> bool:
        """To its action, resource and conditions; who asks is not looked at."""
        matches = self.speaks_of(request.action) and any(p.fullmatch(request.resource) for p in self.resources)
        return matches and self.holds(request.context)

    def speaks_of(self, action: str) -> bool:
        return any(pattern.fullmatch(action) for pattern in self.actions)

    def names(self, principal: str | None) -> bool:
        return self.principals is not None and ("*" in self.principals or principal in self.principals)

    def names_account_of(self, principal: str | None) -> bool:
        """An account in a resource policy stands for all its principals whom their own policies permit."""
        accounts = {found[1] for name in self.principals or () if (found := _ACCOUNT.fullmatch(name))}
        return principal is not None and principal.split(":")[4] in accounts


def statements(document: Mapping[str, Any], resource: str | None = None) -> list[Statement]:
    """A policy's statements. `resource` stands for "*", in a policy where that means what it is attached to.

    Raises UnsupportedPolicy.
    """
    given = document["Statement"]
    return [_statement(one, resource) for one in (given if isinstance(given, list) else [given])]


def decide(
    request: Request,
    identity: Iterable[Statement],
    resource: Iterable[Statement],
    resource_must_allow: bool = False,
) -> Decision:
    """Within one account. A Deny anywhere beats every Allow; nothing that is not allowed is permitted.

    `resource_must_allow` is KMS's way: what the key's policy does not allow, no identity policy does.
    """
    own = [s for s in identity if s.applies(request)]
    theirs = [s for s in resource if s.applies(request)]
    named = [s for s in theirs if s.names(request.principal)]
    of_account = [s for s in theirs if s.names_account_of(request.principal)]
    for statement in (*own, *named, *of_account):
        if statement.denies:
            return Decision(False, f"denied by {statement.sid}")
    if named:
        return Decision(True, named[0].sid)
    if own and (of_account or not resource_must_allow):
        return Decision(True, own[0].sid)
    return Decision(False, "nothing allows it")


def _statement(given: Mapping[str, Any], resource: str | None) -> Statement:
    sid = str(given.get("Sid", "a statement without Sid"))
    if unknown := given.keys() - _ELEMENTS:
        raise UnsupportedPolicy(f"{sid}: {', '.join(sorted(unknown))} is not known here")
    if given["Effect"] not in ("Allow", "Deny"):
        raise UnsupportedPolicy(f"{sid}: Effect is {given['Effect']!r}")
    resources = [resource if resource and r == "*" else r for r in _list(given["Resource"])]
    return Statement(
        sid=sid,
        denies=given["Effect"] == "Deny",
        actions=tuple(wildcards(action, ignore_case=True) for action in _list(given["Action"])),
        resources=tuple(wildcards(one) for one in resources),
        principals=_principals(sid, given["Principal"]) if "Principal" in given else None,
        holds=compiled(given.get("Condition", {})),
    )


def _principals(sid: str, given: Any) -> frozenset[str]:
    if given == "*":
        return frozenset("*")
    if not isinstance(given, Mapping) or given.keys() - {"AWS", "Service"}:
        raise UnsupportedPolicy(f"{sid}: a principal of the form {given!r} is not known here")
    return frozenset(name for names in given.values() for name in _list(names))


def _list(given: Any) -> list[str]:
    found = given if isinstance(given, list) else [given]
    if not found or not all(isinstance(one, str) and "${" not in one for one in found):
        raise UnsupportedPolicy(f"{given!r} is no list of plain strings")
    return found
