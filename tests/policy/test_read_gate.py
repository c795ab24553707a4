"""The read gate: only scanners read an upload before its status permits it, and only scanners set the status."""

import itertools
import re

import pytest

from local.aws.policy.permission_log import Refusal
from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import Deployed
from tests.policy.gated_bucket import (
    FORGED,
    NO_TAG,
    OTHERS,
    READING,
    SCANNERS,
    STATUSES,
    TAGGING_XML,
    TAGS,
    GatedBucket,
)
from tests.support.template import TEMPLATE

# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("tags", TAGS, ids=str)
@pytest.mark.parametrize("operation", READING)
@pytest.mark.parametrize("version", [None, "v1"])
def test_user_reads_upload_only_with_readable_status(
    gated: StackPolicies, tags: dict[str, str], operation: str, version: str | None
) -> None:
    readable = tags.get("scan-status") in ("clean", "skipped", "allowed")
    for caller in ("user", "admin"):
        assert GatedBucket(gated, tags).reads(caller, operation, version) is readable


@pytest.mark.parametrize("tags", TAGS, ids=str)
@pytest.mark.parametrize("version", [None, "v1"])
def test_anonymous_caller_reads_no_upload(gated: StackPolicies, tags: dict[str, str], version: str | None) -> None:
    assert not GatedBucket(gated, tags).reads(None, "GetObject", version)


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_scanners_read_every_version_with_any_tags(tags: dict[str, str]) -> None:
    """The Match service reads with a URL that a scanner signs."""
    for caller in SCANNERS:
        assert GatedBucket(Deployed().policies(), tags).reads(caller, version="v1")


@pytest.mark.parametrize("caller", SCANNERS)
def test_scanner_may_learn_that_a_version_is_missing(caller: str) -> None:
    """Without the right to list objects and versions S3 answers 403, and the upload would never be GONE."""
    missing = {"key": "nothing.jpg", "query": {"versionId": "v1"}}
    assert GatedBucket(Deployed().policies(), NO_TAG).refusal(caller, "GetObject", **missing) is None


def test_break_glass_role_reads_no_upload(gated: StackPolicies) -> None:
    assert not GatedBucket(gated, {"scan-status": "unscannable"}).reads("BreakGlassRole")


def test_missing_object_is_refused_like_an_unscanned_one(gated: StackPolicies) -> None:
    refusal = GatedBucket(gated, NO_TAG).refusal("user", "GetObject", key="nothing.jpg")
    assert refusal is not None
    assert refusal.reason == "denied by DenyReadingUnlessStatusPermits"


def test_readable_statuses_parameter_decides_what_is_readable() -> None:
    policies = Deployed(ReadableStatuses="clean,skipped,unscannable").policies()
    assert GatedBucket(policies, {"scan-status": "unscannable"}).reads("user")
    assert not GatedBucket(policies, {"scan-status": "matched"}).reads("user")
    only_clean = Deployed(ReadableStatuses="clean").policies()
    assert not GatedBucket(only_clean, {"scan-status": "skipped"}).reads("user")


def test_readable_statuses_parameter_excludes_matched_denied_and_failed() -> None:
    pattern = TEMPLATE["Parameters"]["ReadableStatuses"]["AllowedPattern"]
    may_be_readable = [status for status in STATUSES if re.fullmatch(pattern, status)]
    assert may_be_readable == ["clean", "skipped", "unscannable", "allowed"]


def test_what_a_person_decided_is_readable_only_where_it_was_allowed(gated: StackPolicies) -> None:
    assert GatedBucket(gated, {"scan-status": "allowed"}).reads("user")
    assert not any(GatedBucket(gated, {"scan-status": "denied"}).reads(caller) for caller in OTHERS)


# ---------------------------------------------------------------- setting the status


@pytest.mark.parametrize("key", FORGED)
@pytest.mark.parametrize("operation", ["PutObject", "CreateMultipartUpload"])
def test_upload_with_status_is_refused_to_others(gated: StackPolicies, key: str, operation: str) -> None:
    for tags in ({key: "clean"}, {"album": "holiday", key: "clean"}):
        assert not any(GatedBucket(gated, NO_TAG).put(caller, tags, operation) for caller in OTHERS)


def test_form_upload_with_status_is_refused(gated: StackPolicies) -> None:
    def post(tag: str) -> Refusal | None:
        tagging = TAGGING_XML.format(f"<Tag><Key>{tag}</Key><Value>clean</Value></Tag>")
        fields = {"key": "new.jpg", "tagging": tagging, "x-amz-credential": "user"}
        body = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
        return GatedBucket(gated, NO_TAG).refusal("user", "PostObject", key="", body=f"{body}--x--".encode())

    assert post("album") is None
    assert all(post(key) is not None for key in FORGED)


@pytest.mark.parametrize("key", FORGED)
@pytest.mark.parametrize("version", [None, "v1"])
def test_setting_status_on_object_is_refused_to_others(gated: StackPolicies, key: str, version: str | None) -> None:
    for tags in TAGS:
        assert not any(GatedBucket(gated, tags).tag(caller, ["album", key], version) for caller in OTHERS)


def test_scanners_set_the_status_of_a_version() -> None:
    policies = Deployed().policies()
    for caller, tags in itertools.product(SCANNERS, TAGS):
        assert GatedBucket(policies, tags).tag(caller, ["album", "scan-status"], "v1")


def test_status_tag_in_another_case_is_readable(gated: StackPolicies) -> None:
    """IAM ignores the case of condition keys, so DenySettingStatusTag must ignore it as well."""
    assert GatedBucket(gated, {"Scan-Status": "clean"}).reads("user")


def test_user_sets_own_tags_before_the_scan(gated: StackPolicies) -> None:
    assert GatedBucket(gated, NO_TAG).put("user", {"album": "holiday"})
    assert GatedBucket(gated, NO_TAG).put("user", {})
    assert GatedBucket(gated, {"album": "holiday"}).tag("user", ["album", "more"])
    assert GatedBucket(gated, {"album": "holiday"}).refusal("user", "DeleteObjectTagging") is None


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("version", [None, "v1"])
def test_tags_of_scanned_object_change_only_by_scanners(gated: StackPolicies, status: str, version: str | None) -> None:
    """A caller could otherwise remove the status by replacing all tags, or restore an earlier one."""
    bucket = GatedBucket(gated, {"scan-status": status, "album": "holiday"})
    query = {"versionId": version} if version else {}
    for caller in OTHERS:
        assert not bucket.tag(caller, ["album"], version)
        assert bucket.refusal(caller, "DeleteObjectTagging", query=query) is not None
