"""iam-simulate lets the same callers assume the break-glass role as our evaluator does."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from tests.judges.iam_simulate import JudgedRequest, judge
from tests.judges.random_requests import ADMINISTRATOR_POLICY
from tests.policy.deployed import ACCOUNT, Deployed
from tests.policy.test_break_glass import (
    ELSEWHERE,
    NAMED_ROLE,
    OTHER_USER,
    ROLE,
    SSO_PATTERN,
    SSO_ROLES,
    USER,
    may_assume,
)
from tests.support.template import RESOURCES

NAMED = ["", USER, f"arn:aws:iam::{ACCOUNT}:user/*ali*", NAMED_ROLE, SSO_PATTERN, SSO_ROLES[0], ELSEWHERE]
CALLERS = [USER, OTHER_USER, NAMED_ROLE, *SSO_ROLES, ELSEWHERE]


@dataclass(frozen=True)
class Attempt:
    """A caller, with or without MFA and own policies, tries to assume the role that trusts `named`."""

    named: str
    caller: str
    mfa: str | None
    has_policies: bool

    def is_allowed_by_us(self) -> bool:
        mfa = {} if self.mfa is None else {"aws:multifactorauthpresent": (self.mfa,)}
        return may_assume(self.named, self.caller, mfa, identity=None if self.has_policies else ())

    def ask(self) -> JudgedRequest:
        """Return the request as AWS sees it: a role calls as one of its sessions."""
        _, _, _, _, account, name = self.caller.split(":")
        is_user = name.startswith("user/")
        session = f"arn:aws:sts::{account}:assumed-role/{name.rpartition('/')[2]}/session"
        context = {"aws:PrincipalArn": self.caller, "aws:PrincipalType": "User" if is_user else "AssumedRole"}
        context |= {} if self.mfa is None else {"aws:MultiFactorAuthPresent": self.mfa}
        own = ["Administrator"] if self.has_policies else []
        caller = self.caller if is_user else session
        return JudgedRequest(caller, "sts:AssumeRole", ROLE, ACCOUNT, context, own, self.named or "nobody")


def trust_policy(named: str) -> Any:
    return Deployed(BreakGlassPrincipalArn=named).resolve(
        RESOURCES["BreakGlassRole"]["Properties"]["AssumeRolePolicyDocument"]
    )


def test_same_callers_break_the_glass_for_iam_simulate() -> None:
    attempts = [Attempt(*given) for given in product(NAMED, CALLERS, [None, "true", "false"], [True, False])]
    policies = {named or "nobody": trust_policy(named) for named in NAMED} | {"Administrator": ADMINISTRATOR_POLICY}
    judged = judge(policies, [attempt.ask() for attempt in attempts])
    allowed = {attempt for attempt, one in zip(attempts, judged, strict=True) if one.result == "Allowed"}
    assert allowed == {attempt for attempt in attempts if attempt.is_allowed_by_us()}
    assert {attempt.named for attempt in allowed} == set(NAMED)
