"""Buckets that exist: rights on exactly those of the parameter, and each of their uploads handed to the function."""

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from local.aws.policy.evaluator import Request, decide
from tests.policy.deployed import ACCOUNT, REGION, UPLOADS, Deployed
from tests.policy.gated_bucket import SCANNERS
from tests.support.template import RESOURCES
from tests.unit.test_parameters import refusal

NAMED = Deployed(Buckets="photos,old.pictures")
SECOND = f"arn:aws:iam::{ACCOUNT}:role/GuardDuty"
SCANNING = ["GetObjectVersion", "GetObjectVersionTagging", "PutObjectVersionTagging", "DeleteObjectVersion"]
LISTING = ["OnReconcileRole", "OnFeedRole", "OperatorRole", "BreakGlassRole", *SCANNERS]


def may(deployed: Deployed, role: str, action: str, resource: str) -> bool:
    """Return whether the role's own policies allow the action."""
    principal = deployed.policies().principal(role)
    return decide(Request(principal.arn, f"s3:{action}", f"arn:aws:s3:::{resource}"), principal.identity, ()).allowed


@pytest.mark.parametrize("bucket", ["photos", "old.pictures"])
@pytest.mark.parametrize("role", SCANNERS)
@pytest.mark.parametrize("action", SCANNING)
def test_scanners_have_in_each_named_bucket_the_rights_of_the_own(bucket: str, role: str, action: str) -> None:
    assert may(NAMED, role, action, f"{UPLOADS}/a.jpg")
    assert may(NAMED, role, action, f"{bucket}/a/b.jpg")
    assert not may(NAMED, role, "GetObject", f"{bucket}/a/b.jpg"), "a version is always named"


@pytest.mark.parametrize("role", LISTING)
def test_roles_that_look_for_uploads_list_each_named_bucket(role: str) -> None:
    assert may(NAMED, role, "ListBucketVersions", "photos")
    assert may(NAMED, role, "ListBucketVersions", "old.pictures")


@pytest.mark.parametrize("role", sorted(NAMED.policies().roles))
def test_no_other_bucket_is_touched(role: str) -> None:
    for bucket in ("photo", "photos2", "other", "old-pictures", "photos/x"):
        assert not may(NAMED, role, "ListBucketVersions", bucket)
        assert not any(may(NAMED, role, action, f"{bucket.partition('/')[0]}x/a.jpg") for action in SCANNING)


@pytest.mark.parametrize("role", sorted(NAMED.policies().roles))
def test_without_the_parameter_there_is_neither_right_nor_rule(role: str) -> None:
    none = Deployed()
    assert not may(none, role, "ListBucketVersions", "")
    assert not any(may(none, role, action, f"{bucket}/a.jpg") for action in SCANNING for bucket in ("photos", ""))
    names = {one["logical_id"] for one in none.resources()}
    assert not [name for name in names if name.startswith("Buckets")]


@pytest.mark.parametrize("role", ["OnReconcileRole", "OnFeedRole", "OperatorRole", "OnSweepRole", "OnCanaryRole"])
def test_who_scans_nothing_neither_reads_nor_changes_an_object(role: str) -> None:
    changing = ["GetObject", "PutObject", "PutObjectTagging", "DeleteObject", *SCANNING]
    assert not [action for action in changing if may(NAMED, role, action, "photos/a.jpg")]
    settings = ["PutBucketPolicy", "PutBucketNotification", "PutBucketVersioning"]
    assert not [action for action in settings if may(NAMED, role, action, "photos")]


def pattern_of(rule: str, deployed: Deployed) -> EventPattern:
    return EventPattern(None, deployed.resolve(RESOURCES[rule]["Properties"]["EventPattern"]))


def event(kind: str, bucket: str) -> Any:
    return {"source": "aws.s3", "detail-type": kind, "account": ACCOUNT, "detail": {"bucket": {"name": bucket}}}


def test_uploads_and_restored_objects_of_each_bucket_invoke_the_function() -> None:
    pattern = pattern_of("BucketsRule", NAMED)
    for kind in ("Object Created", "Object Restore Completed"):
        assert pattern.matches_event(event(kind, "photos"))
        assert pattern.matches_event(event(kind, "old.pictures"))
        assert not pattern.matches_event(event(kind, UPLOADS)), "the own bucket has its notification"
    for kind in ("Object Deleted", "Object Tags Added"):
        assert not pattern.matches_event(event(kind, "photos"))


def test_with_a_second_scanner_changed_tags_do_so_too() -> None:
    pattern = pattern_of("BucketsRule", Deployed(Buckets="photos", SecondScannerRoleArn=SECOND))
    kinds = ("Object Created", "Object Restore Completed", "Object Tags Added", "Object Tags Deleted")
    assert all(pattern.matches_event(event(kind, "photos")) for kind in kinds)


def test_what_cannot_be_handed_over_waits_in_the_retry_queue() -> None:
    rule, permission = (RESOURCES[name]["Properties"] for name in ("BucketsRule", "BucketsPermission"))
    assert rule["Targets"][0]["Arn"] == permission["FunctionName"] == {"Ref": "OnUploadFunction.Alias"}
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["RetryQueue", "Arn"]}}
    both = Deployed(Buckets="photos", SecondScannerRoleArn=SECOND)
    allowed = [one["Condition"]["ArnEquals"]["aws:SourceArn"] for one in both.statements("RetryQueuePolicy")[1:]]
    rules = [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}-id" for name in ("ChangedTagsRule", "BucketsRule")]
    assert allowed == rules


@pytest.mark.parametrize("bucket", ["photos", "old.pictures", UPLOADS, "QuarantineBucket-id"])
def test_call_that_opens_a_named_bucket_is_told(bucket: str) -> None:
    call: Any = {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT}
    call["detail"] = {"eventName": "PutBucketPolicy", "requestParameters": {"bucketName": bucket}}
    assert pattern_of("GuardrailRule", NAMED).matches_event(call)
    own = bucket in (UPLOADS, "QuarantineBucket-id")
    assert pattern_of("GuardrailRule", Deployed()).matches_event(call) is own


def test_reconciliation_is_told_of_each_bucket() -> None:
    schedule = RESOURCES["OnReconcileFunction"]["Properties"]["Events"]["Schedule"]["Properties"]
    assert NAMED.resolve(schedule["Input"]) == '{"buckets":["photos","old.pictures"]}'
    assert Deployed().resolve(schedule["Input"]) == '{"buckets":[""]}'


def test_twenty_buckets_with_long_names_fit_into_what_aws_takes() -> None:
    """2,048 characters for a rule's pattern and 10,240 for all inline policies of a role (AWS's quotas)."""
    many = Deployed(Buckets=",".join(f"{number:02}-{'x' * 60}" for number in range(20)))
    for rule in ("BucketsRule", "GuardrailRule"):
        pattern = many.resolve(RESOURCES[rule]["Properties"]["EventPattern"])
        assert len(json.dumps(pattern, separators=(",", ":"))) <= 2048, rule
    policies = [one["properties"] for one in many.resources() if one["type"] == "AWS::IAM::Policy"]
    for role in SCANNERS:
        own = [one["PolicyDocument"] for one in policies if f"{role}-id" in one["Roles"]]
        assert len("".join(str(own).split())) <= 10_240


@pytest.mark.parametrize("names", ["", "photos", "photos,old.pictures"])
def test_parameter_takes_names_of_buckets(names: str) -> None:
    assert refusal("Buckets", names) == ""


@pytest.mark.parametrize(
    "names", ["*", "Photos", "arn:aws:s3:::photos", "photos/", "s3://photos", "a", 'x"y', "photos/*"]
)
def test_parameter_takes_nothing_else(names: str) -> None:
    assert refusal("Buckets", names)
