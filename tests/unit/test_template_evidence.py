"""Test the evidence, permissions and alarms of template.yaml against rules that no linter knows."""

from typing import Any

import pytest

from photodna_guard.aws import deletion_limit, event_bus
from photodna_guard.aws.results_table import REDELIVER_AFTER_SECONDS
from photodna_guard.scanning.missing_versions import SETTLED_AGE_SECONDS
from tests.support.metrics import emitted_metrics, own_metrics
from tests.support.schemas import load_schema
from tests.support.template import PARAMETERS, RESOURCES, take_first_branch

QUARANTINE = {s["Sid"]: s for s in RESOURCES["QuarantineBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
SETTLED = load_schema("settled-1")
# IAM knows no resource for these (service authorization reference, "Actions, resources, and condition keys").
WITHOUT_RESOURCE = {"lambda:GetAccountSettings"}


def statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a policy in the template."""
    found: list[dict[str, Any]] = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def as_list(action: str | list[str]) -> list[str]:
    """Return one action or several as a list."""
    return [action] if isinstance(action, str) else action


def actions(policy: str) -> set[str]:
    """Return all actions that a policy's statements name."""
    return {action for statement in statements(policy) for action in as_list(statement["Action"])}


def resources(policy: str, action: str) -> str:
    """Return the resources for which a policy names the action, as text of the template."""
    return str([s["Resource"] for s in statements(policy) if action in as_list(s["Action"])])


def test_alarms_watch_exactly_the_metrics_that_need_one() -> None:
    alarms = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    watched = [metric for alarm in alarms for metric in own_metrics(alarm)]
    own = {metric["MetricName"] for metric in watched if metric["Namespace"] == "PhotoDNAGuard"}
    assert own <= emitted_metrics()
    assert own == {
        "Matched", "QuarantineFailed", "KeyRefused", "RequestRejected", "ServiceUnavailable", "QuotaUsed",
        "Unscannable", "OldestUnsettled", "AwaitingOperator", "Untagged", "SentByValue",
        "LostNotification", "Clean", "Quarantined", "CanaryFailed",
    }  # fmt: skip
    assert all(alarm["AlarmActions"] for alarm in alarms)


def test_alarm_on_a_sweep_metric_spans_a_run() -> None:
    unsettled, held = (RESOURCES[name]["Properties"] for name in ("UnsettledUploadAlarm", "DeletionLimitAlarm"))
    assert unsettled["Period"] >= 2 * 300
    assert unsettled["InsufficientDataActions"], "a sweep that does not run reports no metric"
    assert unsettled["Threshold"] > REDELIVER_AFTER_SECONDS["retry"], "a redelivered upload needs time to settle"
    assert unsettled["Threshold"] > SETTLED_AGE_SECONDS + 60, "a deleted version waits for an hour, and is no alarm"
    assert held["Period"] >= 300
    assert held["TreatMissingData"] == "ignore", "the alarm stays until a sweep reports that no match is held"


def test_notification_rule_matches_the_event_that_is_published() -> None:
    pattern = RESOURCES["NotificationRule"]["Properties"]["EventPattern"]
    assert (pattern["source"], pattern["detail-type"]) == ([event_bus.SOURCE], [event_bus.DETAIL_TYPE])
    assert pattern["detail"].keys() <= SETTLED["properties"].keys()
    assert set(pattern["detail"]["status"]) <= set(SETTLED["properties"]["status"]["enum"])


@pytest.mark.parametrize("name", ["UploadBucket", "QuarantineBucket", "ResultsTable", "QuarantineKey"])
def test_resource_with_evidence_or_results_outlives_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate")
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain", "it has no RetainExceptOnCreate"


def test_failed_creation_keeps_only_what_cloudformation_cannot_delete() -> None:
    """A rollback that fails to delete a resource ends in ROLLBACK_FAILED."""
    kept = {name for name, resource in RESOURCES.items() if resource.get("DeletionPolicy") == "Retain"}
    protected = {n for n, r in RESOURCES.items() if r.get("Properties", {}).get("DeletionProtectionEnabled")}
    keys = {name for name in kept if RESOURCES[name]["Type"] == "AWS::KMS::Key"}
    assert all("ScheduleKeyDeletion" not in str(RESOURCES[name]["Properties"]["KeyPolicy"]) for name in keys)
    assert kept == protected | keys == {"ResultsTable", "QuarantineKey"}


@pytest.mark.parametrize("name", ["UploadBucket", "QuarantineBucket"])
def test_bucket_is_versioned_encrypted_and_private(name: str) -> None:
    properties = RESOURCES[name]["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["BucketEncryption"]


def test_deleted_upload_leaves_no_delete_marker_for_ever() -> None:
    """S3 takes ExpiredObjectDeleteMarker neither beside an expiration of current versions nor with a tag filter."""
    (rule,) = RESOURCES["UploadBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpiredObjectDeleteMarker"] is True
    assert rule["NoncurrentVersionExpiration"]
    assert not {"ExpirationInDays", "ExpirationDate", "TagFilters"} & rule.keys()


def test_scanners_write_the_quarantine_and_break_glass_reads_it() -> None:
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


def test_scanner_may_neither_read_nor_decrypt_the_quarantine() -> None:
    reading = {"s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt", "s3:*", "kms:*", "*"}
    for statement in statements("ScannerPolicy"):
        if "Quarantine" in str(statement["Resource"]):
            assert not reading & set(as_list(statement["Action"]))
    assert "kms:Decrypt" not in actions("ScannerPolicy")


def test_no_permission_has_a_wildcard() -> None:
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::IAM::Policy":
            scoped = [s for s in statements(name) if not set(as_list(s["Action"])) <= WITHOUT_RESOURCE]
            assert all(statement["Resource"] != "*" for statement in scoped)
            assert not any("*" in action for action in actions(name))


def test_sweep_may_query_claim_and_send_only() -> None:
    assert actions("OnSweepPolicy") == {
        "logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:GetItem",
        "sqs:SendMessage", "sqs:GetQueueAttributes",
    }  # fmt: skip
    assert "RateLimiterTable" in resources("OnSweepPolicy", "dynamodb:GetItem")
    assert "DeadLetterQueue" not in resources("OnSweepPolicy", "sqs:SendMessage")
    assert all(queue in resources("OnSweepPolicy", "sqs:SendMessage") for queue in ("RetryQueue", "BackfillQueue"))


def test_reconciliation_may_list_look_up_and_send_only() -> None:
    assert actions("OnReconcilePolicy") == {
        "logs:CreateLogStream", "logs:PutLogEvents", "s3:ListBucketVersions", "s3:GetBucketVersioning",
        "dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "sqs:SendMessage",
    }  # fmt: skip
    assert resources("OnReconcilePolicy", "sqs:SendMessage") == str([{"Fn::GetAtt": ["RetryQueue", "Arn"]}])


def test_canary_reads_the_operations_table_and_writes_only_the_rate_limiters() -> None:
    """The operations table has the journal of what operators did."""
    assert actions("OnCanaryPolicy") == {
        "logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:GetItem", "dynamodb:UpdateItem",
        "secretsmanager:GetSecretValue",
    }  # fmt: skip
    assert resources("OnCanaryPolicy", "dynamodb:UpdateItem") == str([{"Fn::GetAtt": ["RateLimiterTable", "Arn"]}])


def test_scanner_may_make_every_call_of_the_quarantine_workflow() -> None:
    steps = {
        "s3:PutObject", "s3:PutObjectRetention", "s3:GetObjectRetention", "s3:ListBucketVersions",
        "s3:DeleteObjectVersion", "s3:PutObjectVersionTagging",
        "dynamodb:Query", "events:PutEvents",
    }  # fmt: skip
    assert steps <= actions("ScannerPolicy")


def test_scanner_may_put_legal_holds_only_when_they_are_on() -> None:
    assert RESOURCES["LegalHoldPolicy"]["Condition"] == "HasLegalHold"
    assert actions("LegalHoldPolicy") == {"s3:PutObjectLegalHold", "s3:GetObjectLegalHold"}
    assert not any("LegalHold" in action for action in actions("ScannerPolicy"))


def test_legal_hold_is_removed_by_break_glass_only() -> None:
    rule = QUARANTINE["DenyRemovingLegalHoldsExceptBreakGlass"]
    assert (rule["Effect"], rule["Action"]) == ("Deny", "s3:PutObjectLegalHold")
    assert rule["Condition"]["StringEquals"] == {"s3:object-lock-legal-hold": "OFF"}
    assert rule["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]["Fn::GetAtt"] == ["BreakGlassRole", "Arn"]


def test_each_index_that_a_function_queries_is_permitted() -> None:
    properties = take_first_branch(RESOURCES["ResultsTable"]["Properties"])
    indexes = {index["IndexName"] for index in properties["GlobalSecondaryIndexes"]}
    asked = {p: str(statements(p)) for p in ("ScannerPolicy", "OnSweepPolicy")}
    assert "/index/sha256" in asked["ScannerPolicy"]
    assert "/index/unsettled" in asked["OnSweepPolicy"]
    listed = {"settled-by-time", "settled-by-reason", "settled-by-key"}
    assert "/index/settled-by-*" in str(statements("OperatorPolicy"))
    assert indexes == {"needs-attention", "sha256", "unsettled"} | listed


def test_largest_deletion_limit_fits_into_its_item() -> None:
    """The item has an entry for each match of an hour, and DynamoDB allows 400 KB."""
    most = PARAMETERS["MaxDeletionsPerHour"]["MaxValue"]
    assert deletion_limit.WINDOW_SECONDS == 3600
    assert most * (16 + 12 + 8) < 400_000 / 4
