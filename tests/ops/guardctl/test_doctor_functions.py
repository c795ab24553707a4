"""doctor on a stack whose functions, notices or alarms were broken on purpose."""

from dataclasses import replace
from typing import Any

import pytest

from ops.guardctl.doctor import alarms, functions
from ops.guardctl.doctor.findings import Level
from ops.guardctl.target import Target
from tests.ops.guardctl.doctor_stack import DoctorStack, make_stack, notify, put_alarm
from tests.support.moto_aws import SESSION


@pytest.fixture
def stack(target: Target) -> DoctorStack:
    return make_stack(target)


def test_function_that_cannot_run_is_a_fault(stack: DoctorStack) -> None:
    stack.functions.states["OnRetryFunction-id"] = {"State": "Failed", "StateReason": "no role"}
    assert stack.not_ok(functions.check_functions) == {"OnRetryFunction": "fault"}
    assert "no role" in stack.find(functions.check_functions)["OnRetryFunction"].what


def test_queue_without_workers_is_a_fault(stack: DoctorStack) -> None:
    stack.functions.mappings["OnRetryFunctionRetry-id"] = "Disabled"
    finding = stack.find(functions.check_mappings)["queue of OnRetryFunctionRetry"]
    assert (finding.level, "--uuid OnRetryFunctionRetry-id --enabled" in finding.mend) == (Level.FAULT, True)


def test_disabled_rule_is_a_fault_until_it_is_enabled(stack: DoctorStack) -> None:
    events = SESSION.client("events")
    events.disable_rule(Name="GuardrailRule-id")
    assert stack.not_ok(functions.check_rules) == {"rule GuardrailRule": "fault"}
    events.enable_rule(Name=stack.find(functions.check_rules)["rule GuardrailRule"].mend.split()[-1])
    assert stack.not_ok(functions.check_rules) == {}


@pytest.mark.parametrize(
    "given",
    [
        {"events": ["s3:ObjectCreated:Put"]},
        {"events": ["s3:ObjectCreated:*"], "function": "arn:aws:lambda:us-east-1:123456789012:function:other"},
        {
            "events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "pictures/"}]}},
        },
    ],
)
def test_notification_that_misses_uploads_is_a_fault(stack: DoctorStack, given: dict[str, Any]) -> None:
    notify(**given)
    assert stack.not_ok(functions.check_notification) == {"notification of the upload bucket": "fault"}


def test_new_accounts_concurrency_is_a_warning_that_says_how_many_workers(stack: DoctorStack) -> None:
    stack.functions.executions = 10
    finding = stack.find(functions.check_concurrency)["concurrency"]
    assert (finding.level, "Workers=3" in finding.mend) == (Level.WARNING, True)
    stack.with_parameters(Workers="3")
    assert stack.not_ok(functions.check_concurrency) == {}


def test_topic_without_a_confirmed_subscriber_is_a_fault(stack: DoctorStack) -> None:
    class Sns:
        """moto confirms each subscription at once."""

        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [{"Subscriptions": [{"SubscriptionArn": "PendingConfirmation", "Endpoint": "ann@example.org"}]}]

    made = stack.target.client
    stack.target = replace(stack.target, client=lambda name: Sns() if name == "sns" else made(name))
    assert stack.not_ok(alarms.check_subscriptions) == {"subscriptions": "fault", "subscribers": "fault"}
    assert "ann@example.org has not confirmed" in stack.find(alarms.check_subscriptions)["subscriptions"].what


def test_topic_without_any_subscriber_is_a_fault(stack: DoctorStack) -> None:
    sns, topic = SESSION.client("sns"), stack.cloudformation.resources["AlarmTopic"][1]
    for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    assert stack.not_ok(alarms.check_subscriptions) == {"subscribers": "fault"}


def test_alarms_that_tell_nobody_are_faults(stack: DoctorStack) -> None:
    topic = stack.cloudformation.resources["AlarmTopic"][1]
    cloudwatch = SESSION.client("cloudwatch")
    silent = {"SweepFailureAlarm", "QuotaAlarm", "MatchAlarm"}
    put_alarm("guard-SweepFailureAlarm-1", topic, enabled=False)
    put_alarm("guard-QuotaAlarm-1", "arn:aws:sns:us-east-1:1:other")
    cloudwatch.delete_alarms(AlarmNames=["guard-MatchAlarm-1"])
    found = stack.levels(alarms.check_alarms)
    assert {subject for subject, level in found.items() if level == "fault"} == silent
    cloudwatch.enable_alarm_actions(AlarmNames=["guard-SweepFailureAlarm-1"])
    assert stack.levels(alarms.check_alarms).get("SweepFailureAlarm") != "fault"


def test_alarm_that_fires_is_a_warning(stack: DoctorStack) -> None:
    SESSION.client("cloudwatch").set_alarm_state(AlarmName="guard-QuotaAlarm-1", StateValue="ALARM", StateReason="x")
    found = stack.levels(alarms.check_alarms)
    assert (found["QuotaAlarm"], found["alarms"]) == ("warning", "ok")
