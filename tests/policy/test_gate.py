"""The gate: until its verdict permits it nobody but the scanners reads an upload, and nobody else sets the verdict."""

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from local.policy import stack_policies
from local.policy.api_call import ApiCall
from local.policy.evaluator import Request, decide
from local.policy.guard import Guard, Record, Refusal
from local.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, QUARANTINE, REGION, SAM, UPLOADS, Deployed, gate_statements

SCANNERS = ["OnUploadRole", "OnRetryRole"]
OTHERS = [None, "user", "admin", "BreakGlassRole"]
ELSEWHERE = "a-bucket-of-the-attackers"
NO_TAG: dict[str, str] = {}
STATUSES = ["clean", "skipped", "unscannable", "matched", "failed", "Clean", ""]
FORGED = ["scan-status", "Scan-Status", "SCAN-STATUS"]
TAGS = [NO_TAG, *({"scan-status": status} for status in STATUSES), {"album": "clean"}]
READING = ["GetObject", "HeadObject", "SelectObjectContent", "GetObjectAttributes"]
TAGGING_XML = "<Tagging><TagSet>{}</TagSet></Tagging>"


class Bucket:
    """One object with its tags, in the upload bucket and elsewhere, and who asks for what."""

    account = ACCOUNT

    def __init__(self, policies: StackPolicies, tags: Mapping[str, str], bucket: str = UPLOADS) -> None:
        self._tags, self._bucket = tags, bucket
        self._guard = Guard(policies, self, Record(Path("/dev/null")))

    def tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        return self._tags if key == "a.jpg" else None

    def kms_key(self, bucket: str) -> str | None:
        return None

    def refusal(self, who: str | None, operation: str, **more: Any) -> Refusal | None:
        given = {"bucket": self._bucket, "key": "a.jpg"} | more
        return self._guard.refusal(ApiCall(who, REGION, "s3", operation, **given))

    def reads(self, who: str | None, operation: str = "GetObject", version: str | None = None) -> bool:
        return self.refusal(who, operation, query={"versionId": version} if version else {}) is None

    def tagged(self, who: str | None, keys: list[str], version: str | None = None) -> bool:
        body = TAGGING_XML.format("".join(f"<Tag><Key>{k}</Key><Value>clean</Value></Tag>" for k in keys))
        query = {"versionId": version} if version else {}
        return self.refusal(who, "PutObjectTagging", query=query, body=body.encode()) is None

    def put(self, who: str | None, tags: Mapping[str, str], operation: str = "PutObject", **headers: str) -> bool:
        header = {"x-amz-tagging": urlencode(tags)} if tags else {}
        return self.refusal(who, operation, key="new.jpg", headers=header | headers) is None

    def copied(self, who: str | None, source: str, tags: Mapping[str, str] = NO_TAG, directive: str = "") -> bool:
        headers = {"x-amz-copy-source": f"{source}/a.jpg"}
        headers |= {"x-amz-tagging-directive": directive} if directive else {}
        return self.put(who, tags, "CopyObject", **headers)


def with_these_as_its_only_policy(statements: list[dict[str, Any]]) -> StackPolicies:
    resources = [r for r in Deployed().resources() if r["type"] != "AWS::S3::BucketPolicy"]
    document = {"PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    own = {"logical_id": "Own", "type": "AWS::S3::BucketPolicy", "physical_id": "own", "properties": document}
    return stack_policies.read([*resources, own], ACCOUNT, REGION)


@pytest.fixture(params=["the stack's bucket", "an existing bucket"])
def gated(request: pytest.FixtureRequest) -> StackPolicies:
    """As deployed, and as an operator would paste the output into the policy of a bucket."""
    if request.param == "the stack's bucket":
        return Deployed().policies()
    return with_these_as_its_only_policy(gate_statements(Deployed(), UPLOADS))


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("tags", TAGS, ids=str)
@pytest.mark.parametrize("operation", READING)
@pytest.mark.parametrize("version", [None, "v1"])
def test_a_user_reads_an_upload_only_with_a_readable_status(
    gated: StackPolicies, tags: dict[str, str], operation: str, version: str | None
) -> None:
    readable = tags.get("scan-status") in ("clean", "skipped")
    for who in ("user", "admin"):
        assert Bucket(gated, tags).reads(who, operation, version) is readable


@pytest.mark.parametrize("tags", TAGS, ids=str)
@pytest.mark.parametrize("version", [None, "v1"])
def test_nobody_who_is_anonymous_reads_an_upload(
    gated: StackPolicies, tags: dict[str, str], version: str | None
) -> None:
    assert not Bucket(gated, tags).reads(None, "GetObject", version)


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_the_scanners_read_every_version_whatever_its_tags(tags: dict[str, str]) -> None:
    """And so does the Match service, with the URL that they sign."""
    for who in SCANNERS:
        assert Bucket(Deployed().policies(), tags).reads(who, version="v1")


def test_whoever_keeps_the_quarantine_has_no_key_to_the_gate(gated: StackPolicies) -> None:
    assert not Bucket(gated, {"scan-status": "unscannable"}).reads("BreakGlassRole")


def test_an_object_that_is_not_there_cannot_be_told_from_one_that_is_not_scanned(gated: StackPolicies) -> None:
    refusal = Bucket(gated, NO_TAG).refusal("user", "GetObject", key="nothing.jpg")
    assert refusal is not None
    assert refusal.because == "denied by DenyReadingUnlessStatusPermits"


def test_the_readable_statuses_are_a_parameter() -> None:
    policies = Deployed(ReadableStatuses="clean,skipped,unscannable").policies()
    assert Bucket(policies, {"scan-status": "unscannable"}).reads("user")
    assert not Bucket(policies, {"scan-status": "matched"}).reads("user")
    only_clean = Deployed(ReadableStatuses="clean").policies()
    assert not Bucket(only_clean, {"scan-status": "skipped"}).reads("user")


def test_no_other_status_than_these_can_be_made_readable() -> None:
    pattern = SAM["Parameters"]["ReadableStatuses"]["AllowedPattern"]
    assert [status for status in STATUSES if re.fullmatch(pattern, status)] == ["clean", "skipped", "unscannable"]


# ---------------------------------------------------------------- setting the status


@pytest.mark.parametrize("key", FORGED)
@pytest.mark.parametrize("operation", ["PutObject", "CreateMultipartUpload"])
def test_only_scanners_upload_with_a_status(gated: StackPolicies, key: str, operation: str) -> None:
    for tags in ({key: "clean"}, {"album": "holiday", key: "clean"}):
        assert not any(Bucket(gated, NO_TAG).put(who, tags, operation) for who in OTHERS)


def test_a_form_of_a_browser_sets_no_status_either(gated: StackPolicies) -> None:
    def sent(tag: str) -> Refusal | None:
        tagging = TAGGING_XML.format(f"<Tag><Key>{tag}</Key><Value>clean</Value></Tag>")
        fields = {"key": "new.jpg", "tagging": tagging, "x-amz-credential": "user"}
        body = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
        return Bucket(gated, NO_TAG).refusal("user", "PostObject", key="", body=f"{body}--x--".encode())

    assert sent("album") is None
    assert all(sent(key) is not None for key in FORGED)


@pytest.mark.parametrize("key", FORGED)
@pytest.mark.parametrize("version", [None, "v1"])
def test_only_scanners_set_a_status_on_what_is_there(gated: StackPolicies, key: str, version: str | None) -> None:
    for tags in TAGS:
        assert not any(Bucket(gated, tags).tagged(who, ["album", key], version) for who in OTHERS)


def test_the_scanners_set_the_status_of_a_version() -> None:
    policies = Deployed().policies()
    for who, tags in itertools.product(SCANNERS, TAGS):
        assert Bucket(policies, tags).tagged(who, ["album", "scan-status"], "v1")


def test_a_tag_of_another_case_would_open_the_gate_if_anybody_could_set_it(gated: StackPolicies) -> None:
    """Condition keys have no case. So nobody may, and DenySettingStatusTag compares without case."""
    assert Bucket(gated, {"Scan-Status": "clean"}).reads("user")


def test_a_users_own_tags_are_set_with_the_upload_or_before_the_scan(gated: StackPolicies) -> None:
    assert Bucket(gated, NO_TAG).put("user", {"album": "holiday"})
    assert Bucket(gated, NO_TAG).put("user", {})
    assert Bucket(gated, {"album": "holiday"}).tagged("user", ["album", "more"])
    assert Bucket(gated, {"album": "holiday"}).refusal("user", "DeleteObjectTagging") is None


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("version", [None, "v1"])
def test_once_there_is_a_status_only_scanners_change_the_tags(
    gated: StackPolicies, status: str, version: str | None
) -> None:
    """Else whoever replaced all tags by his own would take the status away, and whoever brought it back set it."""
    bucket = Bucket(gated, {"scan-status": status, "album": "holiday"})
    query = {"versionId": version} if version else {}
    for who in OTHERS:
        assert not bucket.tagged(who, ["album"], version)
        assert bucket.refusal(who, "DeleteObjectTagging", query=query) is not None


# ---------------------------------------------------------------- copies

FROM_ANYWHERE = pytest.mark.parametrize("source", [ELSEWHERE, UPLOADS])


@FROM_ANYWHERE
def test_an_untagged_object_can_be_copied_in(gated: StackPolicies, source: str) -> None:
    there = Bucket(gated, NO_TAG)
    assert there.copied("user", source) is (source == ELSEWHERE)  # the gate itself holds what is not scanned


@pytest.mark.parametrize("tags", [t for t in TAGS if t], ids=str)
def test_a_copy_brings_no_tags_along_from_elsewhere(gated: StackPolicies, tags: dict[str, str]) -> None:
    """In a bucket of his own an attacker sets whatever status he likes."""
    for who, directive in itertools.product(("user", "admin"), ("", "COPY")):
        assert not Bucket(gated, tags).copied(who, ELSEWHERE, directive=directive)


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_a_copy_that_leaves_the_tags_behind_is_permitted(gated: StackPolicies, tags: dict[str, str]) -> None:
    assert Bucket(gated, tags).copied("user", ELSEWHERE, directive="REPLACE")


def test_what_may_be_read_may_be_copied_within_the_bucket_without_its_tags(gated: StackPolicies) -> None:
    assert Bucket(gated, {"scan-status": "clean"}).copied("user", UPLOADS, directive="REPLACE")
    assert not Bucket(gated, {"scan-status": "matched"}).copied("user", UPLOADS, directive="REPLACE")


@pytest.mark.parametrize("directive", ["", "COPY", "REPLACE"])
@pytest.mark.parametrize("key", ["album", *FORGED])
def test_a_copy_names_no_tags(gated: StackPolicies, directive: str, key: str) -> None:
    """Where S3 looked at the header and took the source's tags all the same, a harmless header would hide these."""
    assert not Bucket(gated, {"scan-status": "clean"}).copied("user", ELSEWHERE, {key: "clean"}, directive)


@pytest.mark.parametrize("request_keys", [(), ("scan-status",), ("album", "Scan-Status")], ids=str)
def test_however_s3_tells_of_the_tags_that_a_copy_brings_they_are_refused(
    gated: StackPolicies, request_keys: tuple[str, ...]
) -> None:
    """AWS does not say whether they count as the request's. Both ways the statements deny them."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/user"
    context = {"aws:principalarn": (arn,), "aws:securetransport": ("true",)}
    context |= {"s3:requestobjecttagkeys": request_keys} if request_keys else {}
    asked = Request(arn, "s3:PutObjectTagging", f"arn:aws:s3:::{UPLOADS}/new.jpg", context)
    assert decide(asked, stack_policies.ADMINISTRATOR, gated.resource_statements).because.startswith("denied by")


def test_the_parts_of_an_upload_may_be_copied(gated: StackPolicies) -> None:
    headers = {"x-amz-copy-source": f"{ELSEWHERE}/a.jpg"}
    tagged = Bucket(gated, {"scan-status": "clean"})
    assert tagged.refusal("user", "UploadPartCopy", key="new.jpg", headers=headers) is None


def test_a_replica_brings_no_tags(gated: StackPolicies) -> None:
    asked = Request(f"arn:aws:iam::{ACCOUNT}:role/replication", "s3:ReplicateTags", f"arn:aws:s3:::{UPLOADS}/a.jpg", {})
    assert not decide(asked, stack_policies.ADMINISTRATOR, gated.resource_statements).allowed


# ---------------------------------------------------------------- on, off, elsewhere


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_without_the_gate_everything_is_as_in_any_bucket_but_for_a_match(tags: dict[str, str]) -> None:
    bucket, matched = Bucket(Deployed(ReadGate="off").policies(), tags), tags.get("scan-status") == "matched"
    assert bucket.reads("user") is not matched
    assert bucket.tagged("user", ["scan-status"]) is not matched
    assert bucket.put("user", {"scan-status": "clean"})
    assert bucket.copied("user", ELSEWHERE)
    assert ungated() == ["DenyPlainHttp", "DenyReadingMatches", "DenyChangingTagsOfMatches"]


def ungated() -> list[str]:
    return [statement["Sid"] for statement in Deployed(ReadGate="off").statements("UploadBucketPolicy")]


def test_the_gate_is_on_if_nothing_else_is_said() -> None:
    assert SAM["Parameters"]["ReadGate"]["Default"] == "on"
    assert len(Deployed().statements("UploadBucketPolicy")) > len(ungated())


@pytest.mark.parametrize("readable", ["clean", "clean,skipped,unscannable"])
@pytest.mark.parametrize("gate", ["on", "off"])
def test_the_output_for_existing_buckets_says_what_the_stacks_own_policy_says(readable: str, gate: str) -> None:
    """Whether the stack's own gate is on or not: an operator may begin with another bucket."""
    own = Deployed(ReadableStatuses=readable).statements("UploadBucketPolicy")
    pasted = gate_statements(Deployed(ReadableStatuses=readable, ReadGate=gate), UPLOADS)
    assert pasted == [statement for statement in own if statement["Sid"] not in ungated()]


def test_the_output_is_json_that_fits_wherever_a_parameter_value_does() -> None:
    """CloudFormation documents no limit for an output; 4,096 bytes is what it takes as a parameter. Names grow."""
    text = Deployed(ReadableStatuses="clean,skipped,unscannable").output("ReadGateStatements")
    grown = text.replace("Role-id", "Role-" + "x" * 55)
    assert len(grown.encode()) <= 4096
    assert {statement["Effect"] for statement in json.loads(text)} == {"Deny"}
    assert text.count("BUCKET") == len(json.loads(text))


def test_every_condition_key_of_the_gate_belongs_to_each_action_of_its_statement() -> None:
    """S3 refuses a policy otherwise. From the service authorization reference."""
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


# ---------------------------------------------------------------- the quarantine


@pytest.mark.parametrize("who", [None, "user", "admin", *SCANNERS])
@pytest.mark.parametrize("version", [None, "v1"])
def test_nobody_reads_the_quarantine_but_the_break_glass_role(who: str | None, version: str | None) -> None:
    quarantine = Bucket(Deployed().policies(), {"scan-status": "clean"}, QUARANTINE)
    assert not quarantine.reads(who, "GetObject", version)
    assert quarantine.reads("BreakGlassRole", "GetObject", version)


@pytest.mark.parametrize("who", ["user", "admin", "BreakGlassRole"])
def test_only_scanners_write_the_quarantine(who: str) -> None:
    policies = Deployed().policies()
    assert not Bucket(policies, NO_TAG, QUARANTINE).put(who, {})
    assert all(Bucket(policies, NO_TAG, QUARANTINE).put(scanner, {}) for scanner in SCANNERS)
