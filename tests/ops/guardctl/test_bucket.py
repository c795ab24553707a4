"""guardctl bucket: the guard comes in front of a bucket and goes again, whatever happens on the way."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.errors import CannotProceedError
from ops.guardctl.bucket_add import BucketAdder
from ops.guardctl.bucket_records import BucketRecords
from ops.guardctl.bucket_remove import BucketRemover
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Upload
from tests.ops.guardctl.conftest import WHY, Console
from tests.ops.guardctl.existing_bucket import (
    EVENT_BRIDGE,
    GATE,
    MATCHES,
    NAME,
    NOTIFICATION,
    OURS,
    POLICY,
    CrashError,
    FakeS3,
    make_bucket,
    watch,
)
from tests.support.factories import MATCH
from tests.support.moto_aws import SESSION


@pytest.fixture
def s3(aws: None) -> FakeS3:
    return make_bucket()


@pytest.fixture
def guard(console: Console, s3: FakeS3) -> Console:
    console.target = watch(console.target, s3)
    return console


def is_guarded(s3: FakeS3) -> bool:
    versions = s3.client.get_bucket_versioning(Bucket=NAME).get("Status")
    return versions == "Enabled" and s3.event_bridge and s3.sids() >= OURS


def kept_notification(s3: FakeS3) -> Any:
    return s3.client.get_bucket_notification_configuration(Bucket=NAME)["QueueConfigurations"]


def test_added_bucket_has_all_and_keeps_what_is_its_owners(guard: Console, s3: FakeS3) -> None:
    added = guard.json("bucket", "add", NAME, *WHY)
    assert is_guarded(s3)
    # The policy comes last: no read gate without a scanner that opens it.
    assert s3.changes == ["put_bucket_versioning", "put_bucket_notification_configuration", "put_bucket_policy"]
    assert {call["ExpectedBucketOwner"] for call in s3.calls} == {"123456789012"}
    assert s3.calls[1]["SkipDestinationValidation"] is True
    assert kept_notification(s3) == NOTIFICATION["QueueConfigurations"]
    policy = json.loads(s3.policy() or "")
    assert (policy["Id"], policy["Statement"][0]) == ("mine", json.loads(POLICY)["Statement"])
    assert {one["Resource"] for one in policy["Statement"]} == {f"arn:aws:s3:::{NAME}/*"}
    assert added["gate"] == "on"
    assert added["next"][0].startswith(f"guardctl backfill start --bucket {NAME}")
    assert guard.json("journal")[0]["action"] == "bucket add"


def test_second_addition_changes_nothing(guard: Console, s3: FakeS3) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    s3.changes.clear()
    assert guard.json("bucket", "add", NAME, *WHY)["changes"] == []
    assert s3.changes == []
    assert len(guard.json("journal")) == 1


@pytest.mark.parametrize("policy", [POLICY, None])
def test_removed_bucket_is_to_the_letter_what_it_was(console: Console, aws: None, policy: str | None) -> None:
    s3 = make_bucket(policy)
    console.target = watch(console.target, s3)
    console.run("bucket", "add", NAME, *WHY)
    s3.changes.clear()
    removed = console.json("bucket", "remove", NAME, *WHY)
    assert s3.policy() == policy
    assert (s3.event_bridge, kept_notification(s3)) == (False, NOTIFICATION["QueueConfigurations"])
    # Nothing is ever behind a read gate while no event reaches a scanner.
    first = "put_bucket_policy" if policy else "delete_bucket_policy"
    assert s3.changes == [first, "put_bucket_notification_configuration"]
    assert s3.client.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    assert removed["next"] == ["sam deploy --stack-name guard --parameter-overrides Buckets=other"]
    (listed,) = [one for one in console.json("bucket", "list") if one["bucket"] == NAME]
    assert (listed["state"], listed["read gate"]) == ("removed", "-")


def test_events_that_the_owner_had_on_stay_on(guard: Console, s3: FakeS3) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=NAME, NotificationConfiguration={**NOTIFICATION, EVENT_BRIDGE: {}}, SkipDestinationValidation=True
    )
    guard.run("bucket", "add", NAME, *WHY)
    guard.run("bucket", "remove", NAME, *WHY)
    assert s3.event_bridge


def test_what_the_owner_changed_meanwhile_stays(guard: Console, s3: FakeS3) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    policy = json.loads(s3.policy() or "")
    own = {
        "Sid": "Mine",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    }
    policy["Statement"].append(own)
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))
    assert guard.run("bucket", "remove", NAME, *WHY) == 0
    assert "the owner's part stays" in guard.err
    assert json.loads(s3.policy() or "")["Statement"] == [json.loads(POLICY)["Statement"], own]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_crash_at_any_change_is_finished_by_the_same_command(guard: Console, s3: FakeS3, step: int) -> None:
    s3.crash_at = step
    with pytest.raises(CrashError):
        guard.run("bucket", "add", NAME, *WHY)
    # Never is something unreadable that nobody would open.
    assert not s3.sids() & OURS or s3.event_bridge
    s3.crash_at = 0
    assert guard.run("bucket", "add", NAME, *WHY) == 0, guard.err
    assert is_guarded(s3)
    assert guard.run("bucket", "remove", NAME, *WHY) == 0, guard.err
    assert (s3.policy(), s3.event_bridge) == (POLICY, False)


@pytest.mark.parametrize("step", [1, 2])
def test_crash_of_a_removal_is_finished_by_the_same_command(guard: Console, s3: FakeS3, step: int) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    s3.changes.clear()
    s3.crash_at = step
    with pytest.raises(CrashError):
        guard.run("bucket", "remove", NAME, *WHY)
    s3.crash_at = 0
    assert guard.run("bucket", "remove", NAME, *WHY) == 0, guard.err
    assert (s3.policy(), s3.event_bridge) == (POLICY, False)
    assert BucketRecords(guard.target).find(NAME)["state"] == "removed"


def test_gate_comes_with_the_second_addition(guard: Console, s3: FakeS3) -> None:
    assert guard.json("bucket", "add", NAME, "--gate-later", *WHY)["gate"] == "later"
    assert s3.sids() & OURS == {one["Sid"] for one in MATCHES}
    assert guard.json("bucket", "add", NAME, *WHY)["gate"] == "on"
    assert s3.sids() >= OURS
    # The record is still the one of before the guard.
    guard.run("bucket", "remove", NAME, *WHY)
    assert (s3.policy(), s3.event_bridge) == (POLICY, False)


def test_gate_that_stands_is_not_taken_away_by_gate_later(guard: Console, s3: FakeS3) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    guard.run("bucket", "add", NAME, "--gate-later", *WHY)
    assert s3.sids() >= OURS


def test_no_gate_where_the_stack_has_none(guard: Console, s3: FakeS3) -> None:
    guard.target = watch(guard.target, s3, ReadGate="off")
    assert guard.json("bucket", "add", NAME, *WHY)["gate"] == "off"
    assert s3.sids() & OURS == {one["Sid"] for one in MATCHES}


def test_statements_follow_the_stack(guard: Console, s3: FakeS3) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    newer = json.dumps(GATE).replace('"skipped"', '"skipped", "video"')
    stack = guard.target.stack
    guard.target = replace(guard.target, stack=replace(stack, outputs={**stack.outputs, "ReadGateStatements": newer}))
    assert guard.run("bucket", "check", NAME) == 1
    assert "DenyReadingUnlessStatusPermits has changed" in guard.out
    assert guard.run("bucket", "add", NAME, *WHY) == 0
    assert '"video"' in (s3.policy() or "")
    guard.run("bucket", "remove", NAME, *WHY)
    assert s3.policy() == POLICY


def test_print_shows_the_commands_and_changes_nothing(guard: Console, s3: FakeS3) -> None:
    assert guard.run("bucket", "add", NAME, "--print") == 0
    versions, events, policy, _ = guard.out.splitlines()
    assert versions.startswith(f"aws s3api put-bucket-versioning --bucket {NAME} --versioning-configuration")
    assert "--skip-destination-validation --expected-bucket-owner 123456789012" in events
    assert '"EventBridgeConfiguration":{}' in events
    assert "thumbnails" in events
    assert "DenyReadingMatches" in policy
    assert (s3.changes, guard.json("journal"), guard.json("bucket", "list")[1]["state"]) == ([], [], "not added")


def test_statements_that_were_put_by_hand_before_go_with_the_others(guard: Console, s3: FakeS3) -> None:
    by_hand = [json.loads(POLICY)["Statement"], *json.loads(json.dumps(GATE).replace("BUCKET", NAME))]
    s3.client.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Statement": by_hand}))
    guard.run("bucket", "add", NAME, *WHY)
    guard.run("bucket", "remove", NAME, *WHY)
    assert json.loads(s3.policy() or "")["Statement"] == by_hand[:1]


def test_change_that_s3_does_not_show_stops_the_addition(guard: Console, s3: FakeS3) -> None:
    s3.client.delete_bucket_policy(Bucket=NAME)
    lost: Any = lambda **_: {}  # noqa: E731
    s3.put_bucket_versioning = lost
    assert guard.run("bucket", "add", NAME, *WHY) == 2
    assert "S3 took the change (versions), and does not show it" in guard.err
    assert (s3.changes, s3.policy()) == ([], None)


@pytest.mark.parametrize("command", ["add", "remove"])
def test_bucket_that_changes_during_the_question_is_left_alone(guard: Console, s3: FakeS3, command: str) -> None:
    if command == "remove":
        guard.run("bucket", "add", NAME, *WHY)
    s3.changes.clear()
    adder, remover = BucketAdder(guard.target, NAME), BucketRemover(guard.target, NAME)
    addition, removal = adder.plan(False), remover.plan()
    newer = json.dumps({"Statement": json.loads(POLICY)["Statement"]})
    s3.client.put_bucket_policy(Bucket=NAME, Policy=newer)
    with pytest.raises(CannotProceedError, match="has changed meanwhile"):
        adder.make(addition, False, "why") if command == "add" else remover.make(removal, "why", False)
    assert (s3.changes, s3.policy()) == ([], newer)


def test_removal_without_a_record_takes_out_the_statements_only(guard: Console, s3: FakeS3) -> None:
    s3.event_bridge = True
    statements = [*json.loads(json.dumps([*MATCHES, *GATE]).replace("BUCKET", NAME)), json.loads(POLICY)["Statement"]]
    s3.client.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    assert guard.run("bucket", "remove", NAME, *WHY) == 0
    assert "No record" in guard.err
    assert json.loads(s3.policy() or "")["Statement"] == [json.loads(POLICY)["Statement"]]
    assert s3.event_bridge


def test_removal_is_refused_while_a_match_could_be_read(guard: Console, s3: FakeS3) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    table = ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=guard.target.now)
    upload = Upload(NAME, "a.jpg", "etag", "v1", 7)
    table.record_match(upload, table.claim(ScanJob(upload)), MATCH, {})
    assert guard.run("bucket", "remove", NAME, *WHY) == 2
    assert f"1 matches of {NAME} wait for quarantine, such as s3://{NAME}/a.jpg" in guard.err
    assert s3.sids() >= OURS
    assert guard.run("bucket", "remove", NAME, "--leave-matches", *WHY) == 0
    assert "1 matches that are not in quarantine can be read" in guard.err
    (entry,) = [one for one in guard.json("journal") if one["action"] == "bucket remove"]
    assert (entry["matches_left"], entry["subject"], entry["state"]) == (1, f"s3://{NAME}", "done")
