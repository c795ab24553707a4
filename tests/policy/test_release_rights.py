"""Who may write which items of the operations table: no role alone writes both items of a release."""

from pathlib import Path

import pytest

from local.aws.policy.authorizer import Authorizer
from local.aws.policy.permission import Permission
from local.aws.policy.permission_log import PermissionLog
from photodna_guard.domain.releases import confirmation_partition, request_partition
from tests.policy.deployed import ACCOUNT, REGION, Deployed
from tests.policy.gated_bucket import GatedBucket

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/OperationsTable-id"
CONFIRMATION, REQUEST = confirmation_partition(7), request_partition(7)
OTHERS = [REQUEST, "release-requests", "journal#2026-11", "bucket", "scope", "backfill", "canary"]
SCANNERS = ["OnUploadRole", "OnRetryRole", "OnFeedRole", "OnCanaryRole", "OnSweepRole", "OnReconcileRole"]


def may_put(role: str, *partitions: str) -> bool:
    policies = Deployed().policies()
    authorizer = Authorizer(policies, GatedBucket(policies, {}), PermissionLog(Path("/dev/null")))
    context = {"dynamodb:leadingkeys": partitions} if partitions else {}
    return authorizer.decide(policies.principal(role), Permission("dynamodb:PutItem", TABLE, context)).allowed


@pytest.mark.parametrize("partition", OTHERS)
def test_operator_writes_everything_but_confirmations(partition: str) -> None:
    assert may_put("OperatorRole", partition)
    assert not may_put("BreakGlassRole", partition)


def test_break_glass_role_confirms_and_the_operator_does_not() -> None:
    assert may_put("BreakGlassRole", CONFIRMATION)
    assert not may_put("OperatorRole", CONFIRMATION)


@pytest.mark.parametrize("role", ["OperatorRole", "BreakGlassRole"])
def test_write_without_a_partition_key_or_with_a_foreign_one_is_refused(role: str) -> None:
    assert not may_put(role)
    assert not may_put(role, REQUEST, CONFIRMATION)


@pytest.mark.parametrize("role", SCANNERS)
def test_functions_write_neither(role: str) -> None:
    assert not may_put(role, REQUEST)
    assert not may_put(role, CONFIRMATION)
