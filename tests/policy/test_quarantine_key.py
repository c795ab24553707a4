"""The quarantine's KMS key: what the policy allows each caller, and whom it can name before the roles exist."""

import pytest

from local.aws.policy.conditions import Context
from local.aws.policy.evaluator import Request, decide
from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, REGION, Deployed
from tests.policy.gated_bucket import SCANNERS
from tests.support.template import RESOURCES

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/QuarantineKey-id"
VIA_S3 = {"kms:viaservice": (f"s3.{REGION}.amazonaws.com",)}
USES = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom"]
DESTROYS = ["kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:DisableKeyRotation", "kms:DeleteImportedKeyMaterial"]
HANDS_ON = ["kms:CreateGrant", "kms:RetireGrant", "kms:ReplicateKey", "kms:UpdatePrimaryRegion"]
# What CloudFormation calls to make and update a key, and what mends one that was put at risk.
MANAGES = [
    "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription", "kms:EnableKey", "kms:EnableKeyRotation",
    "kms:CancelKeyDeletion", "kms:RevokeGrant",
]  # fmt: skip


@pytest.fixture(scope="module")
def policies() -> StackPolicies:
    return Deployed().policies()


def may(policies: StackPolicies, caller: str, action: str, context: Context = VIA_S3) -> bool:
    principal = policies.principal(caller)
    more = {"aws:principalarn": (str(principal.arn),), **context}
    request = Request(principal.arn, action, KEY, more)
    return decide(request, principal.identity, policies.resource_statements, resource_must_allow=True).allowed


@pytest.mark.parametrize("action", [*USES, *DESTROYS, *HANDS_ON])
def test_administrator_neither_uses_nor_destroys_nor_hands_on_the_key(policies: StackPolicies, action: str) -> None:
    assert not may(policies, "admin", action)
    assert not may(policies, "admin", action, {})


@pytest.mark.parametrize("action", MANAGES)
def test_administrator_manages_the_key(policies: StackPolicies, action: str) -> None:
    assert may(policies, "admin", action, {})


@pytest.mark.parametrize("role", SCANNERS)
def test_scanner_generates_data_keys_through_s3_only(policies: StackPolicies, role: str) -> None:
    assert may(policies, role, "kms:GenerateDataKey")
    assert not may(policies, role, "kms:GenerateDataKey", {})
    others = [*USES, *DESTROYS, *HANDS_ON, *MANAGES]
    assert [action for action in others if may(policies, role, action)] == ["kms:GenerateDataKey"]


def test_break_glass_role_decrypts_and_does_nothing_else(policies: StackPolicies) -> None:
    everything = [*USES, *DESTROYS, *HANDS_ON, *MANAGES]
    assert [action for action in everything if may(policies, "BreakGlassRole", action)] == ["kms:Decrypt"]


def test_key_policy_allows_no_action_by_wildcard() -> None:
    """kms:Create* would include CreateGrant, and the next action that AWS invents."""
    statements = RESOURCES["QuarantineKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert "*" not in "".join(str(statement["Action"]) for statement in statements)


def test_no_policy_names_a_role_of_the_stack_as_principal() -> None:
    """The service refuses a principal that it cannot see yet, and stores the id of one that is deleted later."""
    roles = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"]
    for resource in RESOURCES.values():
        for principal in find_principals(resource.get("Properties")):
            assert not [role for role in roles if role in str(principal)], principal


def find_principals(found: object) -> list[object]:
    """Return the values of all Principal elements below."""
    if isinstance(found, list):
        return [principal for one in found for principal in find_principals(one)]
    if not isinstance(found, dict):
        return []
    below = [principal for inner in found.values() for principal in find_principals(inner)]
    return [*below, found["Principal"]] if "Principal" in found else below
