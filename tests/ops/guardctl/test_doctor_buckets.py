"""doctor on a stack whose buckets were broken on purpose: each break is found, and its advice mends it."""

import shlex
from collections.abc import Callable
from typing import Any

import pytest

from ops.guardctl.doctor import buckets
from ops.guardctl.target import Target
from tests.ops.guardctl.doctor_stack import BLOCKED, QUARANTINE, UPLOADS, DoctorStack, make_stack, put_policy
from tests.policy.deployed import Deployed
from tests.support.moto_aws import SESSION


@pytest.fixture
def stack(target: Target) -> DoctorStack:
    return make_stack(target)


@pytest.fixture
def s3(aws: None) -> Any:
    return SESSION.client("s3")


ALL = (buckets.check_lock, buckets.check_versions_and_access, buckets.check_encryption, buckets.check_policies)


@pytest.mark.parametrize("check", ALL)
def test_stack_as_deployed_has_no_finding(stack: DoctorStack, check: Any) -> None:
    assert set(stack.levels(check).values()) == {"ok"}, stack.find(check)


def run_advice(mend: str) -> None:
    """Do with boto3 what the advised command of the AWS CLI does."""
    import json

    _, service, operation, *words = shlex.split(mend)
    given = dict(zip(words[::2], words[1::2], strict=True))
    method = getattr(SESSION.client({"s3api": "s3"}.get(service, service)), operation.replace("-", "_"))  # type: ignore[call-overload]

    def parse(value: str) -> Any:
        if value.startswith("{"):
            return json.loads(value)
        if "=" in value:
            pairs = (pair.split("=") for pair in value.split(","))
            return {name: {"true": True}.get(text, text) for name, text in pairs}
        return value

    method(**{"".join(part.title() for part in name[2:].split("-")): parse(value) for name, value in given.items()})


@pytest.mark.parametrize(
    ("check", "subject", "do"),
    [
        (
            buckets.check_lock,
            "retention",
            lambda s3: s3.put_object_lock_configuration(
                Bucket=QUARANTINE,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
                },
            ),
        ),
        (
            buckets.check_versions_and_access,
            "versions of UploadBucket",
            lambda s3: s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Suspended"}),
        ),
        (
            buckets.check_versions_and_access,
            "public access of QuarantineBucket",
            lambda s3: s3.delete_public_access_block(Bucket=QUARANTINE),
        ),
        (
            buckets.check_versions_and_access,
            "public access of UploadBucket",
            lambda s3: s3.put_public_access_block(
                Bucket=UPLOADS, PublicAccessBlockConfiguration=BLOCKED | {"BlockPublicPolicy": False}
            ),
        ),
        (
            buckets.check_encryption,
            "encryption of the quarantine",
            lambda s3: s3.put_bucket_encryption(
                Bucket=QUARANTINE,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
            ),
        ),
    ],
)
def test_broken_bucket_is_a_fault_and_the_advice_mends_it(
    stack: DoctorStack, s3: Any, check: Any, subject: str, do: Callable[[Any], Any]
) -> None:
    do(s3)
    assert [name for name, level in stack.levels(check).items() if level != "ok"] == [subject]
    assert stack.levels(check)[subject] == "fault"
    run_advice(stack.find(check)[subject].mend)
    assert stack.levels(check)[subject] == "ok"


@pytest.mark.parametrize(
    ("subject", "operation", "options", "level"),
    [
        ("the quarantine's key", "disable_key", {}, "fault"),
        ("rotation of the quarantine's key", "disable_key_rotation", {}, "warning"),
    ],
)
def test_broken_key_is_found_and_the_advice_mends_it(
    stack: DoctorStack, subject: str, operation: str, options: dict[str, Any], level: str
) -> None:
    getattr(SESSION.client("kms"), operation)(KeyId=stack.cloudformation.resources["QuarantineKey"][1], **options)
    assert stack.levels(buckets.check_encryption)[subject] == level
    run_advice(stack.find(buckets.check_encryption)[subject].mend)
    assert stack.levels(buckets.check_encryption)[subject] == "ok"


def test_key_that_is_to_be_deleted_is_a_fault_and_says_how_to_keep_it(stack: DoctorStack) -> None:
    SESSION.client("kms").schedule_key_deletion(KeyId=stack.cloudformation.resources["QuarantineKey"][1])
    finding = stack.find(buckets.check_encryption)["the quarantine's key"]
    assert (finding.level, finding.what.split(":")[0]) == ("fault", "PendingDeletion")
    for command in finding.mend.split("; "):
        run_advice(command)
    assert stack.levels(buckets.check_encryption)["the quarantine's key"] == "ok"


def test_removed_lock_is_a_fault(stack: DoctorStack, s3: Any) -> None:
    """S3 lets nobody remove it. A stack may have adopted a bucket without one."""
    s3.create_bucket(Bucket="without-a-lock")
    stack.cloudformation.resources["QuarantineBucket"] = "AWS::S3::Bucket", "without-a-lock"
    assert stack.levels(buckets.check_lock) == {"lock of the quarantine": "fault", "retention": "fault"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found[1:], "the statement DenyPlainHttp is missing"),
        (lambda found: [], "DenyReadingUnlessStatusPermits is missing"),
        (
            lambda found: [*found, {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}],
            "the statement Open was added",
        ),
        (
            lambda found: [s | ({"Condition": {}} if s["Sid"] == "DenyReadingMatches" else {}) for s in found],
            "the statement DenyReadingMatches has changed",
        ),
        (
            lambda found: [s | ({"Effect": "Allow"} if s["Sid"] == "DenyReplicatingTags" else {}) for s in found],
            "the statement DenyReplicatingTags has changed",
        ),
    ],
)
def test_changed_policy_is_a_fault(stack: DoctorStack, change: Any, said: str) -> None:
    put_policy(UPLOADS, change(Deployed().statements("UploadBucketPolicy")))
    finding = stack.find(buckets.check_policies)["policy of UploadBucket"]
    assert finding.level == "fault"
    assert said in finding.what
    assert stack.levels(buckets.check_policies)["policy of QuarantineBucket"] == "ok"


def test_removed_policy_is_a_fault(stack: DoctorStack, s3: Any) -> None:
    s3.delete_bucket_policy(Bucket=QUARANTINE)
    assert stack.levels(buckets.check_policies)["policy of QuarantineBucket"] == "fault"


def test_policy_follows_the_parameters(stack: DoctorStack) -> None:
    given = {"ReadGate": "on", "ReadableStatuses": "clean,skipped,document"}
    put_policy(UPLOADS, Deployed(**given).statements("UploadBucketPolicy"))
    assert stack.levels(buckets.check_policies)["policy of UploadBucket"] == "fault"
    stack.with_parameters(**given)
    assert stack.levels(buckets.check_policies)["policy of UploadBucket"] == "ok"
    stack.with_parameters(ReadGate="off")
    put_policy(UPLOADS, Deployed(ReadGate="off").statements("UploadBucketPolicy"))
    assert stack.levels(buckets.check_policies)["policy of UploadBucket"] == "ok"


def test_form_and_order_that_s3_gives_a_policy_are_no_change(stack: DoctorStack) -> None:
    def reformed(statement: dict[str, Any]) -> dict[str, Any]:
        changed = {"Principal": {"AWS": "*"}} if statement["Principal"] == "*" else {}
        actions = statement["Action"]
        return statement | changed | {"Action": list(reversed(actions)) if isinstance(actions, list) else [actions]}

    put_policy(UPLOADS, [reformed(one) for one in reversed(Deployed().statements("UploadBucketPolicy"))])
    assert stack.levels(buckets.check_policies)["policy of UploadBucket"] == "ok"
