"""Each principal of the stack has the policies that name it, and no others."""

import pytest

from local.aws.policy.evaluator import Request, decide
from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, QUARANTINE, Deployed


@pytest.fixture(scope="module")
def policies() -> StackPolicies:
    return Deployed().policies()


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("OnRetryRole", "sqs:ReceiveMessage", True),
        ("OnUploadRole", "sqs:ReceiveMessage", False),
        ("BreakGlassRole", "sqs:ReceiveMessage", False),
    ],
)
def test_role_has_the_policies_that_name_it(policies: StackPolicies, role: str, action: str, allowed: bool) -> None:
    principal = policies.principal(role)
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:RetryQueue-id"
    assert decide(Request(principal.arn, action, queue), principal.identity, ()).allowed is allowed


def test_unknown_access_key_is_a_user_and_none_is_anonymous(policies: StackPolicies) -> None:
    assert policies.principal("any").arn == f"arn:aws:iam::{ACCOUNT}:user/any"
    assert policies.principal(None).arn is None
    assert not policies.principal(None).identity


def test_only_the_quarantine_bucket_has_a_kms_key(policies: StackPolicies) -> None:
    assert list(policies.kms_keys) == [QUARANTINE]
