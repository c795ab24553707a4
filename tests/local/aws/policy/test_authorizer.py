"""The decision about one permission, whichever call requires it."""

from pathlib import Path

import pytest

from local.aws.policy import stack_policies
from local.aws.policy.authorizer import Authorizer
from local.aws.policy.permission import Permission
from local.aws.policy.permission_log import PermissionLog
from tests.local.aws.policy.calls import KMS_KEY, FakeAccount


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [("kms:ListKeys", "*", True), ("kms:CreateKey", "*", True), ("kms:DescribeKey", KMS_KEY, False)],
)
def test_only_an_action_on_a_key_requires_its_key_policy(action: str, resource: str, allowed: bool) -> None:
    policies = stack_policies.parse_policies([], FakeAccount.account, "us-east-1")
    authorizer = Authorizer(policies, FakeAccount(None), PermissionLog(Path("/dev/null")))
    assert authorizer.decide(policies.principal("user"), Permission(action, resource)).allowed is allowed
