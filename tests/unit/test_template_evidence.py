"""template.yaml, what is kept and who is told: rules that no linter knows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.aws import template
from photodna_guard.aws import deletion_limit, event_bus
from photodna_guard.aws.results_table import REDELIVER_AFTER_SECONDS

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = template.load(ROOT / "template.yaml")["Resources"]
QUARANTINE = {s["Sid"]: s for s in RESOURCES["QuarantineBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
SETTLED = json.loads((ROOT / "docs/schemas/settled-1.schema.json").read_text())


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def named(action: str | list[str]) -> list[str]:
    return [action] if isinstance(action, str) else action


def actions(policy: str) -> set[str]:
    return {action for statement in statements(policy) for action in named(statement["Action"])}


def resources(policy: str, action: str) -> str:
    """What the action may be done to, as the template has it."""
    return str([s["Resource"] for s in statements(policy) if action in named(s["Action"])])


def test_an_alarm_watches_only_metrics_that_are_told() -> None:
    told = set(re.findall(r'"([A-Z][A-Za-z]+)"', (ROOT / "src/photodna_guard/aws/telemetry.py").read_text()))
    told |= {"Clean", "Unscannable", "Failed", "Gone", "Skipped", "Quarantined"}  # a status each
    alarms = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    own = {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "PhotoDNAGuard"}
    assert own <= told
    assert own == {
        "Matched", "QuarantineFailed", "KeyRefused", "ServiceUnavailable", "QuotaUsed", "Unscannable",
        "OldestUnsettled", "AwaitingOperator", "Untagged",
    }  # fmt: skip
    assert all(alarm["AlarmActions"] for alarm in alarms)


def test_an_alarm_that_the_sweep_feeds_looks_at_more_than_one_run_of_it() -> None:
    unsettled, held = (RESOURCES[name]["Properties"] for name in ("UnsettledUploadAlarm", "DeletionLimitAlarm"))
    assert unsettled["Period"] >= 2 * 300
    assert unsettled["TreatMissingData"] == "breaching", "a sweep that does not run tells nothing"
    assert unsettled["Threshold"] > REDELIVER_AFTER_SECONDS["retry"], "what the sweep sends again is to have its time"
    assert held["Period"] >= 300
    assert held["TreatMissingData"] == "ignore", "it stays until a sweep tells that nothing is held"


def test_people_are_told_of_what_the_application_really_tells() -> None:
    rule = RESOURCES["NotificationRule"]["Properties"]
    pattern = rule["EventPattern"]
    assert (pattern["source"], pattern["detail-type"]) == ([event_bus.SOURCE], [event_bus.DETAIL_TYPE])
    assert pattern["detail"].keys() <= SETTLED["properties"].keys()
    assert set(pattern["detail"]["status"]) <= set(SETTLED["properties"]["status"]["enum"])
    paths = rule["Targets"][0]["InputTransformer"]["InputPathsMap"].values()
    assert {path.removeprefix("$.detail.") for path in paths} <= SETTLED["properties"].keys()


@pytest.mark.parametrize("name", ["UploadBucket", "QuarantineBucket", "ResultsTable", "QuarantineKey"])
def test_evidence_and_results_outlive_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", ["UploadBucket", "QuarantineBucket"])
def test_buckets_are_versioned_encrypted_and_private(name: str) -> None:
    properties = RESOURCES[name]["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["BucketEncryption"]


def test_only_the_scanners_write_the_quarantine_and_only_break_glass_reads_it() -> None:
    writers = QUARANTINE["DenyWritingExceptScanners"]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert [w["Fn::GetAtt"] for w in writers] == [["OnUploadRole", "Arn"], ["OnRetryRole", "Arn"]]
    assert "s3:PutObject" in QUARANTINE["DenyWritingExceptScanners"]["Action"]
    for sid in ("DenyReadingExceptBreakGlass", "DenyUnlockingAndDeletingExceptBreakGlass"):
        assert QUARANTINE[sid]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]["Fn::GetAtt"] == [
            "BreakGlassRole",
            "Arn",
        ]
        assert QUARANTINE[sid]["Effect"] == "Deny"
    assert "s3:GetObject" in QUARANTINE["DenyReadingExceptBreakGlass"]["Action"]


def test_the_scanner_has_no_permission_to_read_the_quarantine_or_to_decrypt_it() -> None:
    reading = {"s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt", "s3:*", "kms:*", "*"}
    for statement in statements("ScannerPolicy"):
        if "Quarantine" in str(statement["Resource"]):
            assert not reading & set(named(statement["Action"]))
    assert "kms:Decrypt" not in actions("ScannerPolicy")


def test_no_permission_is_for_everything() -> None:
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::IAM::Policy":
            assert all(statement["Resource"] != "*" for statement in statements(name))
            assert not any("*" in action for action in actions(name))


def test_the_sweep_may_find_claim_and_send_and_nothing_else() -> None:
    assert actions("OnSweepPolicy") == {
        "logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:GetItem",
        "sqs:SendMessage",
    }  # fmt: skip
    assert "RateLimiterTable" in resources("OnSweepPolicy", "dynamodb:GetItem")
    assert "DeadLetterQueue" not in resources("OnSweepPolicy", "sqs:SendMessage")
    assert all(queue in resources("OnSweepPolicy", "sqs:SendMessage") for queue in ("RetryQueue", "BackfillQueue"))


def test_who_moves_a_match_may_do_each_of_its_steps() -> None:
    steps = {
        "s3:PutObject", "s3:PutObjectRetention", "s3:GetObjectRetention", "s3:ListBucketVersions",
        "s3:DeleteObjectVersion", "s3:PutObjectVersionTagging",
        "dynamodb:Query", "events:PutEvents",
    }  # fmt: skip
    assert steps <= actions("ScannerPolicy")


def test_only_with_legal_holds_may_the_scanner_put_and_look_for_them() -> None:
    assert RESOURCES["LegalHoldPolicy"]["Condition"] == "HasLegalHold"
    assert actions("LegalHoldPolicy") == {"s3:PutObjectLegalHold", "s3:GetObjectLegalHold"}
    assert not any("LegalHold" in action for action in actions("ScannerPolicy"))


def test_nobody_but_break_glass_takes_a_legal_hold_off() -> None:
    rule = QUARANTINE["DenyRemovingLegalHoldsExceptBreakGlass"]
    assert (rule["Effect"], rule["Action"]) == ("Deny", "s3:PutObjectLegalHold")
    assert rule["Condition"]["StringNotEquals"] == {"s3:object-lock-legal-hold": "ON"}
    assert rule["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]["Fn::GetAtt"] == ["BreakGlassRole", "Arn"]


def test_each_index_that_is_asked_for_has_a_reader_who_may() -> None:
    indexes = {index["IndexName"] for index in RESOURCES["ResultsTable"]["Properties"]["GlobalSecondaryIndexes"]}
    asked = {p: str(statements(p)) for p in ("ScannerPolicy", "OnSweepPolicy")}
    assert "/index/sha256" in asked["ScannerPolicy"]
    assert "/index/unsettled" in asked["OnSweepPolicy"]
    assert indexes == {"needs-attention", "sha256", "unsettled"}


def test_the_bound_of_the_template_fits_into_its_item() -> None:
    """Each match of an hour is in it: an item of DynamoDB's has 400 KB."""
    most = template.load(ROOT / "template.yaml")["Parameters"]["MaxDeletionsPerHour"]["MaxValue"]
    assert deletion_limit.WINDOW_SECONDS == 3600
    assert most * (16 + 12 + 8) < 400_000 / 4
