"""guardctl bucket check and list, and doctor, on buckets that exist."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.backfill_job import progress_key
from photodna_guard.domain.models import ScanJob, Status, Upload
from tests.ops.guardctl.conftest import WHY, Console
from tests.ops.guardctl.doctor_stack import make_stack
from tests.ops.guardctl.existing_bucket import GATE, MATCHES, NAME, FakeS3, watch
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

ADD, CHECK = ("bucket", "add", NAME, *WHY), ("bucket", "check", NAME)
FAULT, WARNING = "fault", "warning"


def not_ok(guard: Console) -> dict[str, str]:
    """Return the subjects of what the check finds, with their levels."""
    guard.run(*CHECK, "--json")
    findings = json.loads(guard.out)["findings"]
    assert len(findings) > 10, "checks that do not run say nothing"
    return {
        one["subject"].partition(": ")[2]: one["level"] for one in findings if one["level"] not in ("ok", "unchecked")
    }


def without(sid: str) -> Callable[[FakeS3], None]:
    """Return what takes one statement out of the policy."""

    def change(s3: FakeS3) -> None:
        policy = json.loads(s3.policy() or "")
        policy["Statement"] = [one for one in policy["Statement"] if one.get("Sid") != sid]
        s3.client.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))

    return change


def test_added_bucket_has_no_finding(guard: Console) -> None:
    guard.run(*ADD)
    assert not_ok(guard) == {}
    assert guard.run(*CHECK) == 0


def test_bucket_that_nobody_added_has_faults(guard: Console) -> None:
    subjects = ("versions", "events", "statements about matches", "read gate")
    assert not_ok(guard) == dict.fromkeys(subjects, FAULT)
    assert guard.run(*CHECK) == 1
    assert f"guardctl bucket add {NAME}" in guard.out


@pytest.mark.parametrize(
    ("subject", "do"),
    [
        ("versions", lambda s3: s3.client.put_bucket_versioning(
            Bucket=NAME, VersioningConfiguration={"Status": "Suspended"})),
        ("events", lambda s3: setattr(s3, "event_bridge", False)),
        ("statements about matches", without(MATCHES[1]["Sid"])),
        ("read gate", without(GATE[0]["Sid"])),
        ("read gate", without(GATE[1]["Sid"])),
    ],
)  # fmt: skip
def test_break_is_found_and_the_advice_mends_it(guard: Console, s3: FakeS3, subject: str, do: Any) -> None:
    guard.run(*ADD)
    do(s3)
    assert not_ok(guard) == {subject: FAULT}
    assert guard.run(*ADD) == 0
    assert not_ok(guard) == {}


def test_gate_that_was_left_for_later_is_a_warning(guard: Console, s3: FakeS3) -> None:
    guard.run(*ADD, "--gate-later")
    assert not_ok(guard) == {"read gate": WARNING}
    guard.run(*ADD)
    guard.target = watch(guard.target, s3, ReadGate="off")
    assert not_ok(guard) == {"read gate": WARNING}
    assert "follows its settings no more" in guard.out


def test_gate_that_somebody_took_away_is_a_fault(guard: Console, s3: FakeS3) -> None:
    guard.run(*ADD)
    for one in GATE:
        without(one["Sid"])(s3)
    assert not_ok(guard) == {"read gate": FAULT}


def test_hazard_is_shown_before_the_addition(guard: Console, s3: FakeS3) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/other"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.client.put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration=rules)
    added = guard.json(*ADD)
    assert [one["subject"] for one in added["warnings"]] == [f"bucket {NAME}: encryption"]
    assert "not in UploadKeyArns" in guard.err
    assert not_ok(guard) == {"encryption": FAULT}


def test_versions_without_a_result_are_found(guard: Console, s3: FakeS3, clock: ManualClock) -> None:
    guard.run(*ADD)
    for key in ("a.jpg", "b.jpg"):
        s3.client.put_object(Bucket=NAME, Key=key, Body=b"picture")
    # What came a minute ago may be on its way.
    clock.now = time.time() + 60
    assert not_ok(guard) == {}
    clock.now += 3600
    assert not_ok(guard) == {"results": WARNING}
    table = ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)
    for one in s3.client.list_object_versions(Bucket=NAME)["Versions"]:
        upload = Upload(NAME, one["Key"], one["ETag"].strip('"'), one["VersionId"], 7)
        table.settle(upload, table.claim(ScanJob(upload)), Status.CLEAN)
    assert not_ok(guard) == {}


def finish_backfill(job: str) -> None:
    """Write what the feeder writes at the end of a bucket."""
    item: dict[str, Any] = {name: {"S": ""} for name in ("key_marker", "version_marker")}
    item |= {name: {"N": "1"} for name in ("listed", "sent", "fed", "revision")}
    item |= {"limiter": {"S": progress_key(job)["limiter"]}, "is_complete": {"BOOL": True}}
    SESSION.client("dynamodb").put_item(TableName="limiter", Item=item)


def test_result_that_expired_is_not_missed_after_a_backfill(guard: Console, s3: FakeS3, clock: ManualClock) -> None:
    guard.run(*ADD)
    s3.client.put_object(Bucket=NAME, Key="a.jpg", Body=b"picture")
    clock.now = time.time() + 91 * 86400
    assert not_ok(guard) == {"results": WARNING}
    job = guard.json("backfill", "start", "--bucket", NAME, *WHY)["job"]
    assert not_ok(guard) == {"results": WARNING}
    finish_backfill(job)
    assert not_ok(guard) == {}
    clock.now = time.time() + 89 * 86400
    assert not_ok(guard) == {"results": WARNING}


def test_doctor_looks_at_every_bucket_of_the_parameter(console: Console, s3: FakeS3) -> None:
    stack = make_stack(console.target).target
    console.target = watch(stack, s3)
    console.run("doctor", "--json")
    found = {one["subject"]: one["level"] for one in json.loads(console.out)["findings"]}
    assert found[f"bucket {NAME}: versions"] == FAULT
    assert found["bucket other: place"] == FAULT
    assert found["versions of UploadBucket"] == "ok"


def test_list_has_what_the_parameter_or_a_record_names(guard: Console, s3: FakeS3) -> None:
    guard.run(*ADD)
    guard.target = watch(guard.target, s3, Buckets="other")
    listed = {
        one["bucket"]: (one["in parameter"], one["state"], one["read gate"]) for one in guard.json("bucket", "list")
    }
    assert listed == {"other": ("yes", "not added", "-"), NAME: ("no", "added", "on")}
    assert guard.run(*CHECK) == 1
    assert "Buckets=other,old-pictures" in guard.out
    # It can still be removed: the read gate would keep every upload from its readers.
    assert guard.run("bucket", "remove", NAME, *WHY) == 0
