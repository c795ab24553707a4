"""What nobody is told of: alarms that are missing or tell nobody, and a topic without a confirmed subscriber."""

from collections.abc import Iterator
from typing import Any

from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Finding, Level, find


def check_subscriptions(deployment: Deployment) -> Iterator[Finding]:
    """Check that somebody has confirmed a subscription of the alarm topic."""
    topic = deployment.resource("AlarmTopic")
    pages = deployment.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [one for page in pages for one in page["Subscriptions"]]
    # An unconfirmed one has words in place of its ARN.
    confirmed = [one for one in found if one["SubscriptionArn"].startswith("arn:")]
    waiting = ", ".join(sorted(one["Endpoint"] for one in found if one not in confirmed))
    if waiting:
        yield Finding(
            Level.WARNING if confirmed else Level.FAULT,
            "subscriptions",
            f"{waiting} has not confirmed, and gets nothing",
            f"Confirm by the link in the mail, or have it sent again: aws sns subscribe --topic-arn {topic} "
            "--protocol email --notification-endpoint ADDRESS",
        )
    yield find(
        bool(confirmed),
        "subscribers",
        f"{len(confirmed)} confirmed",
        "nobody has confirmed a subscription: nobody is told of any alarm, match or failed upload",
        f"Deploy with AlarmEmail, or aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint "
        "ADDRESS, and confirm by the link in the mail",
    )


def check_alarms(deployment: Deployment) -> Iterator[Finding]:
    """Check that each alarm exists, acts, and publishes to the topic. Say which ones fire."""
    topic = deployment.resource("AlarmTopic")
    pages = deployment.client("cloudwatch").get_paginator("describe_alarms")
    given = pages.paginate(AlarmNamePrefix=f"{deployment.target.stack.name}-", AlarmTypes=["MetricAlarm"])
    found = {one["AlarmName"]: one for page in given for one in page["MetricAlarms"]}
    expected = deployment.of_type("AWS::CloudWatch::Alarm")
    silent = [finding for name, physical in expected.items() for finding in _examine(name, physical, found, topic)]
    yield from silent
    if not silent:
        yield Finding(Level.OK, "alarms", f"all {len(expected)} publish to the topic")
    for name, physical in expected.items():
        yield from _tell_state(name, found.get(physical, {}))


def _examine(name: str, physical: str, found: dict[str, Any], topic: str) -> Iterator[Finding]:
    if physical not in found:
        yield Finding(
            Level.FAULT, name, "does not exist: nobody is told", "Deploy the stack with a changed parameter, or anew"
        )
        return
    if not found[physical]["ActionsEnabled"]:
        command = f"aws cloudwatch enable-alarm-actions --alarm-names {physical}"
        yield Finding(Level.FAULT, name, "its actions are off: nobody is told", command)
    if topic not in found[physical]["AlarmActions"]:
        mend = f"Give it the action {topic} again: in CloudWatch's console, or with aws cloudwatch put-metric-alarm"
        yield Finding(Level.FAULT, name, "does not publish to the topic: nobody is told", mend)


def _tell_state(name: str, alarm: dict[str, Any]) -> Iterator[Finding]:
    if alarm.get("StateValue") == "ALARM":
        yield Finding(Level.WARNING, name, "fires now", f"See docs/runbook.md, {name}")
    if name == "UnsettledUploadAlarm" and alarm.get("StateValue") == "INSUFFICIENT_DATA":
        mend = "Wait for ten minutes after a deployment. Then see the log of OnSweepFunction"
        yield Finding(Level.WARNING, name, "has no data: the sweep has not run", mend)
