"""Who may assume the break-glass role: users with MFA, a named role, and an Identity Center role."""

import re
from typing import Any

import pytest

from local.aws.policy.conditions import Context
from local.aws.policy.evaluator import Request, decide, parse_statements
from local.aws.policy.stack_policies import ADMINISTRATOR
from tests.policy.deployed import ACCOUNT, Deployed
from tests.support.template import PARAMETERS, RESOURCES

ROLE = f"arn:aws:iam::{ACCOUNT}:role/BreakGlassRole-id"
USER, OTHER_USER = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("alice", "bob"))
NAMED_ROLE = f"arn:aws:iam::{ACCOUNT}:role/evidence/reviewer"
SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com"
# The region is in the path everywhere but in us-east-1, and the suffix changes with each assignment.
SSO_ROLES = [
    f"{SSO}/AWSReservedSSO_EvidenceReview_0123456789abcdef",
    f"{SSO}/eu-west-1/AWSReservedSSO_EvidenceReview_fedcba9876543210",
]
SSO_PATTERN = f"{SSO}/*AWSReservedSSO_EvidenceReview_*"
ELSEWHERE = "arn:aws:iam::999999999999:role/security/reviewer"
MFA: Context = {"aws:multifactorauthpresent": ("true",)}


def may_assume(named: str, caller: str, mfa: Context | None = None, identity: Any = None) -> bool:
    """Return whether a principal, whose own policies allow it, may assume the role that trusts `named`."""
    properties = Deployed(BreakGlassPrincipalArn=named).resolve(RESOURCES["BreakGlassRole"]["Properties"])
    # The resource of a trust policy is its role.
    trust = [{**one, "Resource": ROLE} for one in properties["AssumeRolePolicyDocument"]["Statement"]]
    kind = "User" if ":user/" in caller else "AssumedRole"
    context = {"aws:principalarn": (caller,), "aws:principaltype": (kind,), **(mfa or {})}
    own = ADMINISTRATOR if identity is None else identity
    request = Request(caller, "sts:AssumeRole", ROLE, context)
    return decide(request, own, parse_statements({"Statement": trust}), resource_must_allow=True).allowed


@pytest.mark.parametrize("named", ["", USER, f"arn:aws:iam::{ACCOUNT}:user/*ali*"])
def test_user_breaks_the_glass_with_mfa_only(named: str) -> None:
    assert may_assume(named, USER, MFA)
    assert not may_assume(named, USER, {"aws:multifactorauthpresent": ("false",)})
    assert not may_assume(named, USER), "a call with an access key shows no MFA at all"


def test_named_role_breaks_the_glass_without_showing_mfa() -> None:
    assert may_assume(NAMED_ROLE, NAMED_ROLE)


@pytest.mark.parametrize("role", SSO_ROLES)
def test_identity_center_role_breaks_the_glass_in_every_region(role: str) -> None:
    assert may_assume(SSO_PATTERN, role)
    assert may_assume(role, role)


@pytest.mark.parametrize("named", ["", USER, NAMED_ROLE, SSO_PATTERN])
def test_nobody_else_breaks_the_glass(named: str) -> None:
    others = [NAMED_ROLE, *SSO_ROLES, f"{SSO}/AWSReservedSSO_Developer_0123456789abcdef", ELSEWHERE]
    permitted = {"": [], USER: [], NAMED_ROLE: [NAMED_ROLE], SSO_PATTERN: SSO_ROLES}
    assert [caller for caller in others if may_assume(named, caller, MFA)] == permitted[named]
    assert may_assume(named, OTHER_USER, MFA) is (named == "")


@pytest.mark.parametrize(("named", "caller"), [("", USER), (USER, USER), (NAMED_ROLE, NAMED_ROLE)])
def test_trust_alone_is_not_enough(named: str, caller: str) -> None:
    """The trust policy names the account, and so the caller's own policies must permit the call as well."""
    assert not may_assume(named, caller, MFA, identity=())


def test_role_of_a_security_account_can_be_named() -> None:
    assert may_assume(ELSEWHERE, ELSEWHERE)
    assert not may_assume(ELSEWHERE, NAMED_ROLE)


@pytest.mark.parametrize("arn", ["", USER, NAMED_ROLE, *SSO_ROLES, SSO_PATTERN, ELSEWHERE])
def test_parameter_takes_each_documented_way(arn: str) -> None:
    assert re.fullmatch(PARAMETERS["BreakGlassPrincipalArn"]["AllowedPattern"], arn)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:role/*",
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:*",
        # Condition keys hold the ARN of the role and never that of its session.
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reviewer/alice",
        "*",
    ],
)
def test_parameter_refuses_whole_accounts_and_sessions(arn: str) -> None:
    assert not re.fullmatch(PARAMETERS["BreakGlassPrincipalArn"]["AllowedPattern"], arn)
