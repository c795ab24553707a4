"""The quarantine bucket's policy, by the evaluator: who writes, locks, unlocks, reads and deletes."""

from typing import Any

import pytest

from tests.policy.deployed import QUARANTINE, Deployed
from tests.policy.test_gate import OTHERS, SCANNERS, Bucket

NOBODYS = [who for who in OTHERS if who != "BreakGlassRole"]
VERSION = {"versionId": "v1"}
BYPASS = {"x-amz-bypass-governance-retention": "true"}


@pytest.fixture(scope="module")
def bucket() -> Bucket:
    return Bucket(Deployed(LegalHold="on").policies(), {}, QUARANTINE)


def may(bucket: Bucket, who: str | None, operation: str, **more: Any) -> bool:
    return bucket.refusal(who, operation, query=VERSION, **more) is None


def held(bucket: Bucket, who: str | None, status: str) -> bool:
    body = f"<LegalHold><Status>{status}</Status></LegalHold>".encode()
    return may(bucket, who, "PutObjectLegalHold", body=body)


def test_the_break_glass_role_changes_locks_takes_holds_off_and_deletes(bucket: Bucket) -> None:
    assert may(bucket, "BreakGlassRole", "PutObjectRetention", headers=BYPASS)
    assert held(bucket, "BreakGlassRole", "OFF")
    assert may(bucket, "BreakGlassRole", "DeleteObject", headers=BYPASS)
    assert not may(bucket, "BreakGlassRole", "PutObject")


@pytest.mark.parametrize("who", SCANNERS)
def test_a_scanner_writes_and_locks_and_can_undo_nothing(bucket: Bucket, who: str) -> None:
    assert may(bucket, who, "PutObject")
    assert may(bucket, who, "PutObjectRetention")
    assert held(bucket, who, "ON")
    assert not held(bucket, who, "OFF")
    assert not may(bucket, who, "PutObjectRetention", headers=BYPASS)
    assert not may(bucket, who, "DeleteObject")
    assert not may(bucket, who, "GetObject")


@pytest.mark.parametrize("who", NOBODYS)
def test_nobody_else_touches_what_is_in_it(bucket: Bucket, who: str | None) -> None:
    for operation in ("PutObject", "PutObjectRetention", "DeleteObject", "GetObject", "PutObjectTagging"):
        assert not may(bucket, who, operation), operation
    assert not held(bucket, who, "ON")
    assert not held(bucket, who, "OFF")
