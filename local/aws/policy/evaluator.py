"""Evaluates IAM policies: decides whether a principal may do an action on a resource. Pure.

There was no maintained Python library that evaluates conditions (moto's own evaluation ignores them). An unknown
element is refused when the policy is parsed, and never ignored.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws.policy.conditions import Context, Predicate, UnsupportedPolicyError, compile_condition, compile_wildcards

_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?")


@dataclass(frozen=True)
class Request:
    """A call to authorize. `principal` is an ARN, or None if anonymous; `context` is by condition key in lower case."""

    principal: str | None
    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The result. `reason` is the Sid of the statement that decided, or says that nothing allows the action."""

    allowed: bool
    reason: str


@dataclass(frozen=True)
class Statement:
    """A compiled statement. `principals` is None in an identity policy."""

    sid: str
    denies: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]
    principals: frozenset[str] | None
    holds: Predicate

    def applies(self, request: Request) -> bool:
        """Return whether action, resource and conditions match; the principal is not compared."""
        matches = self.covers_action(request.action) and any(p.fullmatch(request.resource) for p in self.resources)
        return matches and self.holds(request.context)

    def covers_action(self, action: str) -> bool:
        """Return whether one of the statement's actions matches."""
        return any(pattern.fullmatch(action) for pattern in self.actions)

    def names_principal(self, principal: str | None) -> bool:
        """Return whether the statement names this principal, or all of them."""
        return self.principals is not None and ("*" in self.principals or principal in self.principals)

    def names_account_of(self, principal: str | None) -> bool:
        """Return whether the statement names the principal's account.

        That allows the account's principals only what their own policies allow as well.
        """
        accounts = {found[1] for name in self.principals or () if (found := _ACCOUNT.fullmatch(name))}
        # A service, such as events.amazonaws.com, is of no account.
        return principal is not None and principal.startswith("arn:") and principal.split(":")[4] in accounts


def parse_statements(document: Mapping[str, Any], resource: str | None = None) -> list[Statement]:
    """Return a policy's statements. Raises UnsupportedPolicyError.

    `resource` replaces "*" in the policy of a key, where "*" means the key itself.
    """
    given = document["Statement"]
    return [_parse_statement(one, resource) for one in (given if isinstance(given, list) else [given])]


def decide(
    request: Request,
    identity: Iterable[Statement],
    resource: Iterable[Statement],
    resource_must_allow: bool = False,
) -> Decision:
    """Decide a request within one account: a Deny overrides every Allow, and what nothing allows is denied.

    `resource_must_allow` is for KMS: an identity policy allows only what the key's policy delegates to the account.
    """
    by_identity = [s for s in identity if s.applies(request)]
    by_resource = [s for s in resource if s.applies(request)]
    by_name = [s for s in by_resource if s.names_principal(request.principal)]
    by_account = [s for s in by_resource if s.names_account_of(request.principal)]
    for statement in (*by_identity, *by_name, *by_account):
        if statement.denies:
            return Decision(False, f"denied by {statement.sid}")
    if by_name:
        return Decision(True, by_name[0].sid)
    if by_identity and (by_account or not resource_must_allow):
        return Decision(True, by_identity[0].sid)
    return Decision(False, "nothing allows it")


def _parse_statement(given: Mapping[str, Any], resource: str | None) -> Statement:
    sid = str(given.get("Sid", "a statement without Sid"))
    if unknown := given.keys() - _ELEMENTS:
        raise UnsupportedPolicyError(f"{sid}: {', '.join(sorted(unknown))} is not supported")
    if given["Effect"] not in ("Allow", "Deny"):
        raise UnsupportedPolicyError(f"{sid}: Effect is {given['Effect']!r}")
    resources = [resource if resource and r == "*" else r for r in _parse_list(given["Resource"])]
    return Statement(
        sid=sid,
        denies=given["Effect"] == "Deny",
        actions=tuple(compile_wildcards(action, ignore_case=True) for action in _parse_list(given["Action"])),
        resources=tuple(compile_wildcards(one) for one in resources),
        principals=_parse_principals(sid, given["Principal"]) if "Principal" in given else None,
        holds=compile_condition(given.get("Condition", {})),
    )


def _parse_principals(sid: str, given: Any) -> frozenset[str]:
    if given == "*":
        return frozenset("*")
    if not isinstance(given, Mapping) or given.keys() - {"AWS", "Service"}:
        raise UnsupportedPolicyError(f"{sid}: a principal of the form {given!r} is not supported")
    return frozenset(name for names in given.values() for name in _parse_list(names))


def _parse_list(given: Any) -> list[str]:
    found = given if isinstance(given, list) else [given]
    if not found or not all(isinstance(one, str) and "${" not in one for one in found):
        raise UnsupportedPolicyError(f"{given!r} is not a list of plain strings")
    return found
