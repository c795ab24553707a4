"""The quarantine bucket's policy: the permissions of each caller to write, lock, unlock, read and delete."""

from typing import Any

import pytest

from local.aws.policy.conditions import Context
from local.aws.policy.evaluator import Request, decide
from tests.policy.deployed import QUARANTINE, Deployed
from tests.policy.gated_bucket import NO_TAG, OTHERS, SCANNERS, GatedBucket

UNRELATED = [caller for caller in OTHERS if caller != "BreakGlassRole"]
VERSION = {"versionId": "v1"}
BYPASS = {"x-amz-bypass-governance-retention": "true"}


@pytest.fixture(scope="module")
def bucket() -> GatedBucket:
    return GatedBucket(Deployed(LegalHold="on").policies(), {}, QUARANTINE)


def is_permitted(bucket: GatedBucket, caller: str | None, operation: str, **more: Any) -> bool:
    return bucket.refusal(caller, operation, query=VERSION, **more) is None


def set_hold(bucket: GatedBucket, caller: str | None, status: str) -> bool:
    body = f"<LegalHold><Status>{status}</Status></LegalHold>".encode()
    return is_permitted(bucket, caller, "PutObjectLegalHold", body=body)


def test_break_glass_role_unlocks_and_deletes_but_does_not_write(bucket: GatedBucket) -> None:
    assert is_permitted(bucket, "BreakGlassRole", "PutObjectRetention", headers=BYPASS)
    assert set_hold(bucket, "BreakGlassRole", "OFF")
    assert is_permitted(bucket, "BreakGlassRole", "DeleteObject", headers=BYPASS)
    assert not is_permitted(bucket, "BreakGlassRole", "PutObject")


@pytest.mark.parametrize("caller", SCANNERS)
def test_scanner_writes_and_locks_but_undoes_nothing(bucket: GatedBucket, caller: str) -> None:
    assert is_permitted(bucket, caller, "PutObject")
    assert is_permitted(bucket, caller, "PutObjectRetention")
    assert set_hold(bucket, caller, "ON")
    assert not set_hold(bucket, caller, "OFF")
    assert not is_permitted(bucket, caller, "PutObjectRetention", headers=BYPASS)
    assert not is_permitted(bucket, caller, "DeleteObject")
    assert not is_permitted(bucket, caller, "GetObject")


@pytest.mark.parametrize("context", [{}, {"s3:object-lock-legal-hold": ("ON",)}], ids=["no key", "key"])
def test_copy_with_hold_is_permitted_with_or_without_condition_key(context: Context) -> None:
    """AWS lists the key for both actions, and does not say that a PutObject's own hold shows it to both."""
    policies = Deployed(LegalHold="on").policies()
    for role in SCANNERS:
        scanner = policies.principal(role)
        more = {"aws:principalarn": (str(scanner.arn),), "aws:securetransport": ("true",)}
        request = Request(scanner.arn, "s3:PutObjectLegalHold", f"arn:aws:s3:::{QUARANTINE}/a", {**more, **context})
        assert decide(request, scanner.identity, policies.resource_statements).allowed


@pytest.mark.parametrize("caller", UNRELATED)
def test_other_callers_have_no_permission(bucket: GatedBucket, caller: str | None) -> None:
    for operation in ("PutObject", "PutObjectRetention", "DeleteObject", "GetObject", "PutObjectTagging"):
        assert not is_permitted(bucket, caller, operation), operation
    assert not set_hold(bucket, caller, "ON")
    assert not set_hold(bucket, caller, "OFF")


@pytest.mark.parametrize("caller", [None, "user", "admin", *SCANNERS])
@pytest.mark.parametrize("version", [None, "v1"])
def test_only_break_glass_role_reads_the_quarantine(caller: str | None, version: str | None) -> None:
    quarantine = GatedBucket(Deployed().policies(), {"scan-status": "clean"}, QUARANTINE)
    assert not quarantine.reads(caller, "GetObject", version)
    assert quarantine.reads("BreakGlassRole", "GetObject", version)


@pytest.mark.parametrize("caller", ["user", "admin", "BreakGlassRole"])
def test_only_scanners_write_the_quarantine(caller: str) -> None:
    policies = Deployed().policies()
    assert not GatedBucket(policies, NO_TAG, QUARANTINE).put(caller, {})
    assert all(GatedBucket(policies, NO_TAG, QUARANTINE).put(scanner, {}) for scanner in SCANNERS)
