"""guardctl bucket remove: the guard goes, and the bucket is what it was."""

import json
import shlex

import pytest

from ops.errors import CannotProceedError
from ops.guardctl.buckets.add import BucketAdder
from ops.guardctl.buckets.records import BucketRecords
from ops.guardctl.buckets.remove import BucketRemover
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


@pytest.mark.parametrize("policy", [POLICY, None])
def test_removed_bucket_is_to_the_letter_what_it_was(console: Console, aws: None, policy: str | None) -> None:
    s3 = make_bucket(policy)
    console.target = watch(console.target, s3)
    console.run("bucket", "add", NAME, *WHY)
    s3.changes.clear()
    removed = console.json("bucket", "remove", NAME, *WHY)
    assert s3.policy() == policy
    assert (s3.event_bridge, s3.queues()) == (False, NOTIFICATION["QueueConfigurations"])
    # Nothing is ever behind a read gate while no event reaches a scanner.
    first = "put_bucket_policy" if policy else "delete_bucket_policy"
    assert s3.changes == [first, "put_bucket_notification_configuration"]
    assert s3.client.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    assert removed["next"] == ["sam deploy --stack-name guard --parameter-overrides Buckets=other"]
    (listed,) = [one for one in console.json("bucket", "list") if one["bucket"] == NAME]
    assert (listed["state"], listed["read gate"]) == ("removed", "-")


def test_last_bucket_leaves_the_parameter_in_quotes(guard: Console, s3: FakeS3) -> None:
    guard.target = watch(guard.target, s3, Buckets=NAME)
    (step,) = guard.json("bucket", "remove", NAME, *WHY)["next"]
    # SAM refuses `Buckets=`.
    assert shlex.split(step)[-1] == 'Buckets=""'


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


def test_statements_that_were_put_by_hand_before_go_with_the_others(guard: Console, s3: FakeS3) -> None:
    by_hand = [json.loads(POLICY)["Statement"], *json.loads(json.dumps(GATE).replace("BUCKET", NAME))]
    s3.client.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Statement": by_hand}))
    guard.run("bucket", "add", NAME, *WHY)
    guard.run("bucket", "remove", NAME, *WHY)
    assert json.loads(s3.policy() or "")["Statement"] == by_hand[:1]
    assert "was changed since" not in guard.err


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
    assert f"Matches of {NAME} wait for quarantine (1), such as s3://{NAME}/a.jpg" in guard.err
    assert s3.sids() >= OURS
    assert guard.run("bucket", "remove", NAME, "--leave-matches", *WHY) == 0
    assert "Matches that are not in quarantine (1) can be read" in guard.err
    (entry,) = [one for one in guard.json("journal") if one["action"] == "bucket remove"]
    assert (entry["matches_left"], entry["subject"], entry["state"]) == (1, f"s3://{NAME}", "done")


def test_removal_from_a_stack_that_only_observes_has_to_be_permitted(guard: Console, s3: FakeS3) -> None:
    """No list has the matches that somebody acknowledged, and all are where they were uploaded."""
    guard.run("bucket", "add", NAME, *WHY)
    guard.target = watch(guard.target, s3, Mode="observe")
    assert guard.run("bucket", "remove", NAME, *WHY) == 2
    assert "only observes" in guard.err
    assert s3.sids() >= OURS
    assert guard.run("bucket", "remove", NAME, "--leave-matches", *WHY) == 0
