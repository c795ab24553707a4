"""A second scanner's role, such as GuardDuty's: what the read gate and the tag statements permit it."""

import re
from typing import Any

import pytest

from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, UPLOADS, Deployed, gate_statements, match_statements
from tests.policy.gated_bucket import NO_TAG, SCANNERS, STATUSES, GatedBucket, make_policies_of_statements
from tests.support.template import PARAMETERS, RESOURCES

CALLER = "guardduty"
# The evaluator's callers are users and the stack's roles. To the policies each is an ARN.
ROLE = f"arn:aws:iam::{ACCOUNT}:user/{CALLER}"
VERDICT = {"GuardDutyMalwareScanStatus": "NO_THREATS_FOUND"}
READABLE = ("clean", "skipped", "allowed", "released")


@pytest.fixture(params=["bucket of the stack", "existing bucket"])
def gated(request: pytest.FixtureRequest) -> StackPolicies:
    deployed = Deployed(SecondScannerRoleArn=ROLE)
    if request.param == "bucket of the stack":
        return deployed.policies()
    return make_policies_of_statements(gate_statements(deployed, UPLOADS))


def rewrites(policies: StackPolicies, present: dict[str, str], wanted: dict[str, str], caller: str = CALLER) -> bool:
    """Return whether the caller may replace the tags of a version."""
    tags = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in wanted.items())
    request: dict[str, Any] = {"query": {"versionId": "v1"}, "body": f"<Tagging>{tags}</Tagging>".encode()}
    return GatedBucket(policies, present).refusal(caller, "PutObjectTagging", **request) is None


@pytest.mark.parametrize("version", [None, "v1"])
def test_second_scanner_reads_an_upload_before_its_verdict(gated: StackPolicies, version: str | None) -> None:
    """Otherwise it would report ACCESS_DENIED for every upload, since it scans at once."""
    for tags in (NO_TAG, {"scan-status": "unscannable"}):
        assert GatedBucket(gated, tags).reads(CALLER, version=version)
        assert not GatedBucket(gated, tags).reads("another", version=version)


def test_second_scanner_neither_reads_nor_retags_a_match() -> None:
    policies = Deployed(SecondScannerRoleArn=ROLE).policies()
    for gate in ("on", "off"):
        policies = Deployed(SecondScannerRoleArn=ROLE, ReadGate=gate).policies()
        matched = {"scan-status": "matched"}
        assert not GatedBucket(policies, matched).reads(CALLER, version="v1")
        assert not rewrites(policies, matched, VERDICT)
        assert not rewrites(policies, matched, {"scan-status": "clean"} | VERDICT)


@pytest.mark.parametrize("status", [None, "clean", "skipped", "released", "unscannable", "document"])
def test_second_scanner_adds_its_tag_beside_the_status(gated: StackPolicies, status: str | None) -> None:
    present = {"album": "holiday"} | ({"scan-status": status} if status else {})
    assert rewrites(gated, present, present | VERDICT)
    assert rewrites(gated, present, {"album": "holiday"} | VERDICT), "it read the tags before there was a status"
    assert not rewrites(gated, present | {"scan-status": "clean"}, present | VERDICT, caller="another")


@pytest.mark.parametrize("key", ["scan-status", "Scan-Status"])
@pytest.mark.parametrize("present", [None, *STATUSES])
def test_second_scanner_makes_no_upload_readable(gated: StackPolicies, present: str | None, key: str) -> None:
    tags = NO_TAG if present is None else {"scan-status": present}
    for status in READABLE:
        assert rewrites(gated, tags, {key: status} | VERDICT) is (present in READABLE)


@pytest.mark.parametrize("operation", ["PutObject", "CreateMultipartUpload"])
def test_second_scanner_uploads_nothing_with_a_status(gated: StackPolicies, operation: str) -> None:
    """GuardDuty puts an object of its own, to see whether it may."""
    assert GatedBucket(gated, NO_TAG).put(CALLER, {}, operation)
    assert not GatedBucket(gated, NO_TAG).put(CALLER, {"scan-status": "clean"}, operation)


@pytest.mark.parametrize("gate", ["on", "off"])
@pytest.mark.parametrize("caller", SCANNERS)
def test_status_that_would_drop_the_second_scanners_tag_is_refused(caller: str, gate: str) -> None:
    policies = Deployed(SecondScannerRoleArn=ROLE, ReadGate=gate).policies()
    assert not rewrites(policies, VERDICT, {"scan-status": "clean"}, caller)
    assert rewrites(policies, VERDICT, {"scan-status": "clean"} | VERDICT, caller)
    assert rewrites(policies, NO_TAG, {"scan-status": "clean"}, caller)
    assert rewrites(policies, VERDICT, {"scan-status": "matched"}, caller), "a match becomes unreadable by one call"


def test_without_the_parameter_nobody_is_exempt() -> None:
    statements = Deployed().statements("UploadBucketPolicy")
    assert "GuardDuty" not in str(statements)
    assert not [statement["Sid"] for statement in statements if "SecondScanner" in statement["Sid"]]
    assert not GatedBucket(Deployed().policies(), NO_TAG).reads(CALLER)


def test_output_for_existing_buckets_equals_the_own_policy() -> None:
    deployed = Deployed(SecondScannerRoleArn=ROLE, ReadableStatuses="clean,skipped,document")
    own = deployed.statements("UploadBucketPolicy")
    always = ["DenyPlainHttp", "DenyReadingMatches", "DenyChangingTagsOfMatches", "DenyDroppingGuardDutysTag"]
    pasted = gate_statements(deployed, UPLOADS)
    assert pasted == [statement for statement in own if statement["Sid"] not in always]
    assert len(deployed.output("ReadGateStatements")) <= 4096
    about_matches = match_statements(deployed, UPLOADS)
    assert about_matches == [statement for statement in own if statement["Sid"] in always[1:]]


def test_changed_tags_invoke_the_function() -> None:
    for name in ("ChangedTagsRule", "ChangedTagsPermission"):
        assert RESOURCES[name]["Condition"] == "HasSecondScanner"
    rule, permission = (RESOURCES[name]["Properties"] for name in ("ChangedTagsRule", "ChangedTagsPermission"))
    assert rule["EventPattern"]["detail-type"] == ["Object Tags Added", "Object Tags Deleted"]
    assert rule["Targets"][0]["Arn"] == permission["FunctionName"] == {"Ref": "OnUploadFunction.Alias"}
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["RetryQueue", "Arn"]}}
    (allow,) = Deployed(SecondScannerRoleArn=ROLE).statements("RetryQueuePolicy")[1:]
    assert (allow["Principal"], allow["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert allow["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(":rule/ChangedTagsRule-id")
    bucket = RESOURCES["UploadBucket"]["Properties"]["NotificationConfiguration"]
    assert bucket["EventBridgeConfiguration"]["Fn::If"][:2] == ["HasSecondScanner", {"EventBridgeEnabled": True}]


@pytest.mark.parametrize(
    ("arn", "is_taken"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/service-role/GuardDutyMalwareProtection", True),
        ("", True),
        (f"arn:aws:iam::{ACCOUNT}:role/*", False),
        (f"arn:aws:iam::{ACCOUNT}:user/guardduty", False),
    ],
)
def test_parameter_takes_one_role(arn: str, is_taken: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["SecondScannerRoleArn"]["AllowedPattern"], arn)) is is_taken
