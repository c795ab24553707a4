"""doctor on a stack that was broken on purpose: what runs, what tells people, what is kept, and what waits."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.doctor import alarms, functions, storage, work
from ops.guardctl.doctor.command import CHECKS
from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Check, Finding, Level, NamedCheck, run_check
from ops.guardctl.target import Target
from tests.ops.guardctl.conftest import Console
from tests.ops.guardctl.doctor_stack import UPLOADS, DoctorStack, make_stack
from tests.support.clock import NOW, ManualClock
from tests.support.moto_aws import SESSION


@pytest.fixture
def stack(target: Target) -> DoctorStack:
    return make_stack(target)


@pytest.mark.parametrize(
    "check",
    [
        functions.check_functions, functions.check_mappings, functions.check_rules, functions.check_notification,
        functions.check_concurrency, alarms.check_subscriptions, storage.check_stack, storage.check_tables,
        storage.check_secret, work.check_queues, work.check_requests,
    ],
)  # fmt: skip
def test_stack_as_deployed_has_no_finding(stack: DoctorStack, check: Check) -> None:
    assert stack.not_ok(check) == {}


@pytest.mark.parametrize(
    ("status", "level"), [("UPDATE_ROLLBACK_COMPLETE", "fault"), ("UPDATE_IN_PROGRESS", "warning")]
)
def test_deployment_that_failed_or_runs_is_told(stack: DoctorStack, status: str, level: str) -> None:
    stack.cloudformation.status = status
    assert stack.not_ok(storage.check_stack) == {"stack": level}


def test_unprotected_table_is_a_fault_until_it_is_protected(stack: DoctorStack) -> None:
    dynamodb = SESSION.client("dynamodb")
    off: Any = {"PointInTimeRecoveryEnabled": False}
    dynamodb.update_continuous_backups(TableName="operations", PointInTimeRecoverySpecification=off)
    dynamodb.update_table(TableName="results", DeletionProtectionEnabled=False)
    found = stack.not_ok(storage.check_tables)
    assert found == {"recovery of OperationsTable": "fault", "deletion protection of ResultsTable": "fault"}
    dynamodb.update_table(TableName="results", DeletionProtectionEnabled=True)
    assert "deletion protection of ResultsTable" not in stack.not_ok(storage.check_tables)


def test_generated_key_is_a_fault_until_one_is_stored(stack: DoctorStack) -> None:
    secrets = SESSION.client("secretsmanager")
    secret = secrets.create_secret(Name="generated", SecretString="generated")["ARN"]
    stack.cloudformation.resources["SubscriptionKey"] = "AWS::SecretsManager::Secret", secret
    assert stack.not_ok(storage.check_secret) == {"subscription key": "fault"}
    secrets.put_secret_value(SecretId=secret, SecretString="the operator's")
    assert stack.not_ok(storage.check_secret) == {}
    secrets.delete_secret(SecretId=secret)
    assert "restore-secret" in stack.find(storage.check_secret)["subscription key"].mend


def test_what_waits_or_was_given_up_is_told(stack: DoctorStack) -> None:
    sqs = SESSION.client("sqs")
    for queue in ("dead", "notices"):
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody="{}")
    item: Any = {"limiter": {"S": "queue-retry"}, "seen_at": {"N": f"{NOW:.0f}"}, "oldest_seconds": {"N": "7200"}}
    SESSION.client("dynamodb").put_item(TableName="limiter", Item=item)
    found = stack.not_ok(work.check_queues)
    assert found == {"age of the retry queue": "warning", "dead letters": "warning", "notices": "fault"}


def test_stopped_requests_and_deleting_are_told(stack: DoctorStack) -> None:
    dynamodb = SESSION.client("dynamodb")
    limiter: Any = {"limiter": {"S": "match"}, "paused_until": {"N": f"{(NOW + 60) * 1e6:.0f}"}}
    tripped: Any = {"limiter": {"S": "quarantines"}, "tripped_at": {"N": "1"}}
    for item in (limiter | {"tat": {"N": f"{(NOW + 71) * 1e6:.0f}"}}, tripped):
        dynamodb.put_item(TableName="limiter", Item=item)
    found = stack.not_ok(work.check_requests)
    assert found == {"requests": "warning", "deleting of matches": "warning", "slots": "fault"}
    dynamodb.put_item(TableName="limiter", Item=limiter | {"tat": {"N": f"{(NOW + 69) * 1e6:.0f}"}})
    assert "slots" not in stack.not_ok(work.check_requests)


@pytest.mark.parametrize(("ahead", "level"), [(0, "ok"), (60, "warning"), (-60, "warning"), (900, "fault")])
def test_wrong_clock_of_this_machine_is_told(stack: DoctorStack, clock: ManualClock, ahead: float, level: str) -> None:
    clock.now = time.time() + ahead
    assert stack.levels(work.check_clock) == {"clock": level}


def test_refused_call_is_a_finding_and_does_not_stop_the_others(stack: DoctorStack) -> None:
    def refuse(_: object) -> list[Finding]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetBucketPolicy")

    (finding,) = stack.find(refuse).values()
    assert (finding.level, "lacks the right to GetBucketPolicy" in finding.what) == (Level.WARNING, True)
    assert finding.mend


def test_stack_of_an_earlier_version_is_a_finding(stack: DoctorStack) -> None:
    def lack(_: object) -> list[Finding]:
        raise CannotProceedError("the stack has no output X")

    assert stack.levels(lack) == {"the check": "warning"}
    del stack.cloudformation.resources["QuarantineKey"]
    found = [
        one for named in CHECKS for one in run_check(NamedCheck(named.name, named.check), Deployment(stack.target))
    ]
    assert any("no resource QuarantineKey" in one.what for one in found)
    assert len({one.subject for one in found}) > len(CHECKS), "the other checks ran"


def test_fault_makes_the_exit_code_one_and_a_warning_does_not(
    stack: DoctorStack, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.now = time.time()
    console = Console(stack.target, capsys)
    console.run("doctor", "--json")
    assert (console.code, '"fault": 0' in console.out, '"warning": 0' in console.out) == (0, True, False), console.out
    SESSION.client("events").disable_rule(Name="NotificationRule-id")
    assert console.run("doctor") == 1
    first = console.out.splitlines()[0]
    assert first.startswith("fault")
    assert "rule NotificationRule" in first
    assert "-> aws events enable-rule --name NotificationRule-id" in console.out


def test_every_finding_that_is_not_ok_says_how_to_mend_it(stack: DoctorStack) -> None:
    stack.functions.executions = 10
    SESSION.client("s3").delete_bucket_policy(Bucket=UPLOADS)
    found = [one for named in CHECKS for one in run_check(named, Deployment(stack.target))]
    assert [one for one in found if one.level in (Level.FAULT, Level.WARNING) and not one.mend] == []
