"""Test the alarms of template.yaml against what CloudWatch takes, and against the metrics that AWS documents.

CloudWatch takes an alarm on a metric that does not exist, and such an alarm never fires. So each metric of AWS is
compared with the names and dimensions in the services' own guides.
"""

from typing import Any

import pytest

from tests.support.metrics import emitted_metrics, own_metrics
from tests.support.template import FUNCTIONS, RESOURCES

ALARMS: dict[str, dict[str, Any]] = {
    name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"
}
every_alarm = pytest.mark.parametrize("name", ALARMS)
# AWS Lambda Developer Guide, "Types of metrics for Lambda functions"; Amazon SQS Developer Guide, "Available CloudWatch
# metrics"; Amazon EventBridge User Guide, "Monitoring Amazon EventBridge". FunctionName stands for all versions.
METRICS_OF_AWS = {
    ("AWS/Lambda", "AsyncEventAge"): ("FunctionName", "Maximum"),
    ("AWS/Lambda", "AsyncEventsDropped"): ("FunctionName", "Sum"),
    ("AWS/Lambda", "DestinationDeliveryFailures"): ("FunctionName", "Sum"),
    ("AWS/Lambda", "Errors"): ("FunctionName", "Sum"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ("QueueName", "Maximum"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", "Maximum"),
    ("AWS/Events", "InvocationsFailedToBeSentToDlq"): ("RuleName", "Sum"),
}
# The resources whose name is the value of a dimension, and the attribute that has the name (none: Ref returns it).
NAMES = {
    "FunctionName": ("AWS::Serverless::Function", ""),
    "QueueName": ("AWS::SQS::Queue", "QueueName"),
    "RuleName": ("AWS::Events::Rule", ""),
}
# Lambda waits one minute before the first retry of an event, and two before the second.
RETRY_DELAYS_SECONDS = (60, 120)
DAY, WEEK = 86_400, 604_800


@every_alarm
def test_alarm_watches_a_metric_that_exists(name: str) -> None:
    for metric in own_metrics(ALARMS[name]):
        if metric["Namespace"] == "PhotoDNAGuard":
            assert metric["MetricName"] in emitted_metrics()
            assert metric["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
            continue
        dimension, statistic = METRICS_OF_AWS[metric["Namespace"], metric["MetricName"]]
        kind, attribute = NAMES[dimension]
        resources = [resource for resource, r in RESOURCES.items() if r["Type"] == kind]
        named = [{"Fn::GetAtt": [each, attribute]} if attribute else {"Ref": each} for each in resources]
        assert [given["Name"] for given in metric["Dimensions"]] == [dimension]
        assert metric["Dimensions"][0]["Value"] in named
        assert metric["Stat"] == statistic


@every_alarm
def test_alarm_keeps_the_limits_of_cloudwatch(name: str) -> None:
    """Amazon CloudWatch API Reference, "PutMetricAlarm"."""
    alarm = ALARMS[name]
    periods = alarm["EvaluationPeriods"]
    (period,) = {metric["Period"] for metric in own_metrics(alarm)}
    assert period in (10, 20, 30) or period % 60 == 0
    assert period * periods <= (WEEK if period >= 3600 else DAY)
    assert 1 <= alarm.get("DatapointsToAlarm", periods) <= periods
    assert len(alarm["AlarmDescription"]) <= 1024
    assert 1 <= len(alarm["AlarmActions"]) <= 5
    assert alarm["TreatMissingData"] in ("breaching", "notBreaching", "ignore", "missing")


def test_each_sign_of_trouble_in_lambdas_own_queue_has_an_alarm() -> None:
    """An event in that queue is in no other one, and its upload has no record that a sweep could find."""
    metrics = [metric for alarm in ALARMS.values() for metric in own_metrics(alarm)]
    watched = {m["MetricName"] for m in metrics if m["Dimensions"][0]["Value"] == {"Ref": "OnUploadFunction"}}
    assert watched == {"AsyncEventAge", "AsyncEventsDropped", "DestinationDeliveryFailures"}


def test_age_of_an_event_is_no_alarm_while_lambda_retries_it() -> None:
    upload = FUNCTIONS["OnUploadFunction"]
    attempts = upload["EventInvokeConfig"]["MaximumRetryAttempts"] + 1
    threshold = ALARMS["EventAgeAlarm"]["Threshold"] / 1000
    assert attempts == len(RETRY_DELAYS_SECONDS) + 1
    assert threshold > attempts * upload["Timeout"] + sum(RETRY_DELAYS_SECONDS)
    assert threshold < upload["EventInvokeConfig"]["MaximumEventAgeInSeconds"] / 4


@every_alarm
def test_alarm_of_a_new_stack_waits_for_its_metric(name: str) -> None:
    """With breaching, an alarm fires before the first sweep, when nobody has confirmed the e-mail subscription yet.

    Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"; API Reference, "MetricAlarm":
    InsufficientDataActions are executed on the transition from another state.
    """
    assert ALARMS[name]["TreatMissingData"] != "breaching"


def test_reconciliation_that_fails_or_runs_no_more_is_noticed() -> None:
    alarm = ALARMS["ReconciliationFailureAlarm"]
    assert (alarm["MetricName"], alarm["Dimensions"][0]["Value"]) == ("Errors", {"Ref": "OnReconcileFunction"})
    assert alarm["TreatMissingData"] == "missing"
    assert alarm["InsufficientDataActions"] == alarm["AlarmActions"]


def test_sweep_that_never_ran_or_runs_no_more_is_noticed() -> None:
    unsettled, failing = ALARMS["UnsettledUploadAlarm"], ALARMS["SweepFailureAlarm"]
    assert unsettled["TreatMissingData"] == "missing"
    assert unsettled["InsufficientDataActions"] == unsettled["AlarmActions"] == failing["AlarmActions"]
    assert (failing["MetricName"], failing["Dimensions"][0]["Value"]) == ("Errors", {"Ref": "OnSweepFunction"})
