"""The read gate's parameters and its output for existing buckets; S3 accepts each of its statements."""

import json

import pytest

from tests.policy.deployed import UPLOADS, Deployed, gate_statements, match_statements
from tests.policy.gated_bucket import ELSEWHERE, TAGS, GatedBucket
from tests.support.template import TEMPLATE


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_without_gate_only_matches_are_restricted(tags: dict[str, str]) -> None:
    bucket, matched = GatedBucket(Deployed(ReadGate="off").policies(), tags), tags.get("scan-status") == "matched"
    assert bucket.reads("user") is not matched
    assert bucket.tag("user", ["scan-status"]) is not matched
    assert bucket.put("user", {"scan-status": "clean"})
    assert bucket.copy("user", ELSEWHERE)
    assert ungated_sids() == ["DenyPlainHttp", "DenyReadingMatches", "DenyChangingTagsOfMatches"]


def ungated_sids() -> list[str]:
    return [statement["Sid"] for statement in Deployed(ReadGate="off").statements("UploadBucketPolicy")]


def test_gate_is_on_by_default() -> None:
    assert TEMPLATE["Parameters"]["ReadGate"]["Default"] == "on"
    assert len(Deployed().statements("UploadBucketPolicy")) > len(ungated_sids())


@pytest.mark.parametrize("readable", ["clean", "clean,skipped,unscannable"])
@pytest.mark.parametrize("gate", ["on", "off"])
def test_output_for_existing_buckets_equals_the_own_policy(readable: str, gate: str) -> None:
    """The output does not depend on ReadGate: an operator may gate another bucket first."""
    own = Deployed(ReadableStatuses=readable).statements("UploadBucketPolicy")
    pasted = gate_statements(Deployed(ReadableStatuses=readable, ReadGate=gate), UPLOADS)
    assert pasted == [statement for statement in own if statement["Sid"] not in ungated_sids()]


@pytest.mark.parametrize("gate", ["on", "off"])
def test_output_about_matches_equals_the_own_policy(gate: str) -> None:
    """They hold with the read gate or without it."""
    own = Deployed(ReadGate="off").statements("UploadBucketPolicy")
    pasted = match_statements(Deployed(ReadGate=gate), UPLOADS)
    assert pasted == [statement for statement in own if statement["Sid"] != "DenyPlainHttp"]


def test_output_is_json_within_the_parameter_limit() -> None:
    """CloudFormation documents no limit for outputs. A parameter may have 4,096 bytes; role names may be longer."""
    text = Deployed(ReadableStatuses="clean,skipped,unscannable").output("ReadGateStatements")
    grown = text.replace("Role-id", "Role-" + "x" * 55)
    assert len(grown.encode()) <= 4096
    assert {statement["Effect"] for statement in json.loads(text)} == {"Deny"}
    assert text.count("BUCKET") == len(json.loads(text))


def test_condition_keys_are_supported_by_each_action() -> None:
    """S3 refuses a policy otherwise. The table is from the service authorization reference."""
    existing, keys, source = "s3:ExistingObjectTag/<key>", "s3:RequestObjectTagKeys", "s3:x-amz-copy-source"
    known = {
        "s3:GetObject": {existing},
        "s3:GetObjectVersion": {existing},
        "s3:PutObject": {keys, source},
        "s3:PutObjectTagging": {existing, keys},
        "s3:PutObjectVersionTagging": {existing, keys},
        "s3:DeleteObjectTagging": {existing},
        "s3:DeleteObjectVersionTagging": {existing},
        "s3:ReplicateTags": set(),
    }
    for statement in gate_statements(Deployed(), UPLOADS):
        asked = {k for operator in statement.get("Condition", {}).values() for k in operator} - {"aws:PrincipalArn"}
        asked = {existing if "ExistingObjectTag/" in k else k for k in asked}
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            assert asked <= known[action], f"{statement['Sid']}: {action}"
