"""guardctl bucket add: the guard comes in front of a bucket, whatever happens on the way."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.ops.guardctl.conftest import WHY, Console
from tests.ops.guardctl.existing_bucket import (
    GATE,
    MATCHES,
    NAME,
    NOTIFICATION,
    OURS,
    POLICY,
    CrashError,
    FakeS3,
    watch,
)


def test_added_bucket_has_all_and_keeps_what_is_its_owners(guard: Console, s3: FakeS3) -> None:
    added = guard.json("bucket", "add", NAME, *WHY)
    assert s3.is_guarded()
    # The policy comes last: no read gate without a scanner that opens it.
    assert s3.changes == ["put_bucket_versioning", "put_bucket_notification_configuration", "put_bucket_policy"]
    assert {call["ExpectedBucketOwner"] for call in s3.calls} == {"123456789012"}
    assert s3.calls[1]["SkipDestinationValidation"] is True
    assert s3.queues() == NOTIFICATION["QueueConfigurations"]
    policy = json.loads(s3.policy() or "")
    assert (policy["Id"], policy["Statement"][0]) == ("mine", json.loads(POLICY)["Statement"])
    assert {one["Resource"] for one in policy["Statement"]} == {f"arn:aws:s3:::{NAME}/*"}
    assert added["gate"] == "on"
    # The owner's statement moves into a list, and is no part of the diff.
    assert [line for line in added["changes"][2]["diff"] if "role/web" in line and line[0] in "+-"] == []
    assert added["next"][0].startswith(f"guardctl backfill start --bucket {NAME}")
    assert guard.json("journal")[0]["action"] == "bucket add"


def test_second_addition_changes_nothing(guard: Console, s3: FakeS3) -> None:
    guard.run("bucket", "add", NAME, *WHY)
    s3.changes.clear()
    assert guard.json("bucket", "add", NAME, *WHY)["changes"] == []
    assert s3.changes == []
    assert len(guard.json("journal")) == 1


@pytest.mark.parametrize("step", [1, 2, 3])
def test_crash_at_any_change_is_finished_by_the_same_command(guard: Console, s3: FakeS3, step: int) -> None:
    s3.crash_at = step
    with pytest.raises(CrashError):
        guard.run("bucket", "add", NAME, *WHY)
    # Never is something unreadable that nobody would open.
    assert not s3.sids() & OURS or s3.event_bridge
    s3.crash_at = 0
    assert guard.run("bucket", "add", NAME, *WHY) == 0, guard.err
    assert s3.is_guarded()
    assert guard.run("bucket", "remove", NAME, *WHY) == 0, guard.err
    assert (s3.policy(), s3.event_bridge) == (POLICY, False)


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
    s3.event_bridge = False
    assert guard.json("bucket", "add", NAME, "--gate-later", *WHY)["gate"] == "on"
    assert s3.is_guarded()


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


def test_change_that_s3_does_not_show_stops_the_addition(guard: Console, s3: FakeS3) -> None:
    s3.client.delete_bucket_policy(Bucket=NAME)
    lost: Any = lambda **_: {}  # noqa: E731
    setattr(s3, "put_bucket_versioning", lost)  # noqa: B010
    assert guard.run("bucket", "add", NAME, *WHY) == 2
    assert "S3 took the change (versions), and does not show it" in guard.err
    assert (s3.changes, s3.policy()) == ([], None)
