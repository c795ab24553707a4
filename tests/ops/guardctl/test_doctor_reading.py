"""doctor tries to read what nobody should, with the caller's own credentials."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.guardctl.doctor import reading
from ops.guardctl.target import Target
from tests.ops.guardctl.doctor_stack import QUARANTINE, UPLOADS, DoctorStack, make_stack
from tests.support.moto_aws import SESSION

BY_POLICY = "User: x is not authorized to perform: s3:GetObjectVersion with an explicit deny in a resource-based policy"


@dataclass
class OwnS3:
    """Answers a caller's reads: with this code and message, or with a byte."""

    codes: list[str]
    message: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, str]] = field(default_factory=list)

    def get_object(self, **given: Any) -> dict[str, Any]:
        self.asked.append(given)
        if code := self.codes.pop(0):
            raise ClientError({"Error": {"Code": code, "Message": self.message}}, "GetObject")
        return {}

    def list_object_versions(self, **_: Any) -> dict[str, Any]:
        return {"Versions": self.listed}


@pytest.fixture
def stack(target: Target) -> DoctorStack:
    return make_stack(target)


def record(upload: str, status: str, version: str = "v1", **more: str) -> None:
    values = {"upload": upload, "version": version, "status": status, "needs_attention": status, **more}
    item = {name: {"S": value} for name, value in (values | {"received_at": f"2027-{version}"}).items()}
    SESSION.client("dynamodb").put_item(TableName="results", Item=item)


def own(stack: DoctorStack, s3: OwnS3) -> DoctorStack:
    stack.target = replace(stack.target, own_client=lambda _: s3)
    return stack


def test_refused_read_of_an_unreadable_upload_is_right(stack: DoctorStack) -> None:
    record(f"{UPLOADS}/a.jpg", "UNSCANNABLE")
    s3 = OwnS3(["AccessDenied"], BY_POLICY)
    finding = own(stack, s3).find(reading.check_read_gate)["read gate"]
    assert (finding.level, finding.what) == ("ok", "you may not read it: the bucket's policy denies it")
    # One byte at most would be read.
    assert s3.asked == [{"Bucket": UPLOADS, "Key": "a.jpg", "VersionId": "v1", "Range": "bytes=0-0"}]


def test_refusal_that_may_be_the_callers_own_is_said_to_be_one(stack: DoctorStack) -> None:
    record(f"{UPLOADS}/a.jpg", "MATCHED")
    finding = own(stack, OwnS3(["AccessDenied"], "Access Denied")).find(reading.check_read_gate)["read gate"]
    assert finding.what.endswith("by the bucket's policy or by your own")


@pytest.mark.parametrize("answer", ["", "InvalidRange"])
def test_upload_that_can_be_read_is_a_fault(stack: DoctorStack, answer: str) -> None:
    record(f"{UPLOADS}/a.jpg", "UNSCANNABLE")
    assert own(stack, OwnS3([answer])).levels(reading.check_read_gate) == {"read gate": "fault"}


def test_object_that_is_gone_is_passed_over(stack: DoctorStack) -> None:
    record(f"{UPLOADS}/a.jpg", "UNSCANNABLE", "v1")
    record(f"{UPLOADS}/b.jpg", "UNSCANNABLE", "v2")
    assert own(stack, OwnS3(["NoSuchVersion", ""])).levels(reading.check_read_gate) == {"read gate": "fault"}


def test_without_an_object_to_try_nothing_is_called_right(stack: DoctorStack) -> None:
    record("another-bucket/a.jpg", "UNSCANNABLE")
    assert own(stack, OwnS3([])).levels(reading.check_read_gate) == {"read gate": "unchecked"}
    assert stack.levels(reading.check_quarantine) == {"reading the quarantine": "unchecked"}


def test_unscannable_uploads_are_not_tried_where_they_may_be_read(stack: DoctorStack) -> None:
    record(f"{UPLOADS}/a.jpg", "UNSCANNABLE")
    stack.with_parameters(ReadableStatuses="clean,unscannable")
    assert own(stack, OwnS3([""])).levels(reading.check_read_gate) == {"read gate": "unchecked"}


def test_read_gate_that_is_off_is_a_warning(stack: DoctorStack) -> None:
    stack.with_parameters(ReadGate="off")
    assert stack.levels(reading.check_read_gate) == {"read gate": "warning"}


@pytest.mark.parametrize(("answer", "level"), [("AccessDenied", "ok"), ("", "fault")])
def test_copy_in_quarantine_is_tried(stack: DoctorStack, answer: str, level: str) -> None:
    record(f"{UPLOADS}/a.jpg", "QUARANTINED", quarantine_key="k", quarantine_version="q1")
    s3 = OwnS3([answer])
    assert own(stack, s3).levels(reading.check_quarantine) == {"reading the quarantine": level}
    assert (s3.asked[0]["Bucket"], s3.asked[0]["Key"], s3.asked[0]["VersionId"]) == (QUARANTINE, "k", "q1")


def test_copy_of_a_test_match_is_tried_where_the_caller_may_list(stack: DoctorStack) -> None:
    s3 = OwnS3([""], listed=[{"Key": "k", "VersionId": "q1"}])
    assert own(stack, s3).levels(reading.check_quarantine) == {"reading the quarantine": "fault"}
