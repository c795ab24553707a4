"""template.yaml: what it must keep to that no linter knows."""

import re
from pathlib import Path
from typing import Any

import pytest

from guard import pace, settings
from guard.aws.ledger import LEASE_SECONDS
from guard.scanner import ANSWER
from local.cloud import template

ROOT = Path(__file__).resolve().parents[2]
SAM = template.load(ROOT / "template.yaml")
RESOURCES = SAM["Resources"]
FUNCTIONS = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
QUARANTINE = {s["Sid"]: s for s in RESOURCES["QuarantineBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def actions(policy: str) -> set[str]:
    return {a for s in statements(policy) for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}


def test_lambda_does_not_take_a_deferred_upload_for_a_runaway_loop() -> None:
    """Else it drops a message after sixteen rounds through the queue: throttling would lose uploads."""
    assert {properties["RecursiveLoop"] for properties in FUNCTIONS.values()} == {"Allow"}


@pytest.mark.parametrize(
    ("function", "policy", "action"),
    [
        ("OnUploadFunction", "OnUploadPolicy", "sqs:SendMessage"),
        ("OnRetryFunction", "OnRetryPolicy", "sqs:ReceiveMessage"),
        ("OnBackfillFunction", "OnRetryPolicy", "sqs:ReceiveMessage"),
    ],
)
def test_what_lambda_checks_when_a_function_is_made_is_permitted_by_then(
    function: str, policy: str, action: str
) -> None:
    assert policy in RESOURCES[function]["DependsOn"]
    assert action in actions(policy)


def test_a_lease_outlives_every_execution_and_a_receipt_six_of_them() -> None:
    longest = max(properties["Timeout"] for properties in FUNCTIONS.values())
    assert longest < LEASE_SECONDS
    for queue, function in (("RetryQueue", "OnRetryFunction"), ("BackfillQueue", "OnBackfillFunction")):
        visibility = RESOURCES[queue]["Properties"]["VisibilityTimeout"]
        assert visibility >= 6 * FUNCTIONS[function]["Timeout"]
        assert visibility > LEASE_SECONDS


def test_a_function_runs_long_enough_to_wait_for_a_slot_and_for_an_answer() -> None:
    spacing = pace.interval(10, 25)
    upload = pace.UPLOADS.horizon(spacing) / pace.SECOND
    assert FUNCTIONS["OnUploadFunction"]["Timeout"] > upload + ANSWER
    retry = pace.RETRIES.patience + (pace.RETRIES.horizon(spacing) + pace.BATCH * spacing) / pace.SECOND
    assert FUNCTIONS["OnRetryFunction"]["Timeout"] > retry + ANSWER


def test_no_batch_has_more_messages_than_there_are_threads_and_connections() -> None:
    for function, source in (("OnRetryFunction", "Retry"), ("OnBackfillFunction", "Backfill")):
        event = FUNCTIONS[function]["Events"][source]["Properties"]
        assert 10 < event["BatchSize"] <= pace.BATCH, "a write for each ten would be more than it may cost"
        assert event["MaximumBatchingWindowInSeconds"] >= 1, "SQS asks for it where a batch is larger than 10"
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_backfill_is_worked_in_its_own_lane_from_its_own_queue_as_the_retries_are() -> None:
    retry, backfill = FUNCTIONS["OnRetryFunction"], FUNCTIONS["OnBackfillFunction"]
    assert backfill["Environment"]["Variables"] == {"LANE": "backfill", "RETRY_QUEUE_URL": {"Ref": "BackfillQueue"}}
    assert "Environment" not in retry
    assert {name for name in retry if retry[name] != backfill.get(name)} == {"Description", "Events"}
    assert RESOURCES["RetryQueue"]["Properties"] == RESOURCES["BackfillQueue"]["Properties"]


def test_a_dead_letter_has_days_left_when_a_message_gets_there() -> None:
    """A redriven message keeps its age."""
    retry, dead = (RESOURCES[name]["Properties"] for name in ("RetryQueue", "DeadLetterQueue"))
    longest = retry["RedrivePolicy"]["maxReceiveCount"] * retry["VisibilityTimeout"]
    assert 3 * 86400 < longest < dead["MessageRetentionPeriod"] - 7 * 86400


def test_every_setting_that_a_function_reads_is_given_to_it() -> None:
    given = SAM["Globals"]["Function"]["Environment"]["Variables"]
    with pytest.raises(settings.SettingsFault) as caught:
        settings.read({})
    needed = set(re.findall(r"([A-Z_]+) is not set", str(caught.value)))
    assert needed <= set(given)
    assert {name for name in given if not name.startswith("POWERTOOLS_")} == needed


def test_an_alarm_watches_only_metrics_that_are_told() -> None:
    told = set(re.findall(r'"([A-Z][A-Za-z]+)"', (ROOT / "src/guard/aws/notices.py").read_text()))
    told |= {"Clean", "Unscannable", "Failed", "Gone", "Skipped", "Quarantined"}  # a status each
    alarms = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    own = {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "PhotoDNAGuard"}
    assert own <= told
    assert {"Matched", "NotMoved", "KeyRefused", "ServiceAway", "QuotaUsed", "Unscannable", "Waiting"} == own
    assert all(alarm["AlarmActions"] for alarm in alarms)


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
    writers = QUARANTINE["OnlyScannersWrite"]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert [w["Fn::GetAtt"] for w in writers] == [["OnUploadRole", "Arn"], ["OnRetryRole", "Arn"]]
    assert "s3:PutObject" in QUARANTINE["OnlyScannersWrite"]["Action"]
    for sid in ("OnlyBreakGlassReads", "OnlyBreakGlassUnlocksAndDeletes"):
        assert QUARANTINE[sid]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]["Fn::GetAtt"] == [
            "BreakGlassRole",
            "Arn",
        ]
        assert QUARANTINE[sid]["Effect"] == "Deny"
    assert "s3:GetObject" in QUARANTINE["OnlyBreakGlassReads"]["Action"]


def test_the_scanner_has_no_permission_to_read_the_quarantine_or_to_decrypt_it() -> None:
    reading = {"s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt", "s3:*", "kms:*", "*"}
    for statement in statements("ScannerPolicy"):
        if "Quarantine" in str(statement["Resource"]):
            assert not reading & set(statement["Action"])
    assert "kms:Decrypt" not in actions("ScannerPolicy")


def test_no_permission_is_for_everything() -> None:
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::IAM::Policy":
            assert all(statement["Resource"] != "*" for statement in statements(name))
            assert not any("*" in action for action in actions(name))


def test_every_parameter_says_what_it_does_and_has_a_default() -> None:
    for parameter in SAM["Parameters"].values():
        assert parameter["Description"]
        assert "Default" in parameter
