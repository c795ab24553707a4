"""Test the policies of template.yaml's queues and topics against the rules of SQS and SNS, which no linter knows.

SQS: Amazon SQS Developer Guide, "Amazon SQS policy quotas". SNS: Amazon SNS Developer Guide, "Amazon SNS API
permissions: Actions and resources reference". Both services refuse a policy that breaks one of these rules.
"""

import json
from typing import Any

import pytest

from tests.support.template import RESOURCES

# For each kind of policy: the list of what it belongs to, the type of that, and the limits of the service.
KINDS = {
    "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue", {"bytes": 8192, "statements": 20, "principals": 50}),
    "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic", {"bytes": 30_000, "statements": 100, "principals": 200}),
}
MAX_SQS_ACTIONS, MAX_SQS_CONDITIONS = 7, 10
# SNS refuses any other action, and a wildcard.
SNS_ACTIONS = {
    f"sns:{action}"
    for action in (
        "AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
        "ListTagsForResource", "Publish", "PutDataProtectionPolicy", "RemovePermission", "SetTopicAttributes",
        "Subscribe",
    )
}  # fmt: skip
# An ARN is longer than the function of the template that stands for it, and no longer than this.
LONGEST_ARN = "x" * 200
POLICIES = {name: resource for name, resource in RESOURCES.items() if resource["Type"] in KINDS}
every_policy = pytest.mark.parametrize("name", POLICIES)


def statements(name: str) -> list[dict[str, Any]]:
    """Return the statements of a policy, also those that depend on a condition."""
    found: list[dict[str, Any]] = POLICIES[name]["Properties"]["PolicyDocument"]["Statement"]
    return [one["Fn::If"][1] if "Fn::If" in one else one for one in found]


def targets(name: str) -> list[str]:
    """Return the logical ids of the queues or topics to which the policy belongs."""
    listed = POLICIES[name]["Properties"][KINDS[POLICIES[name]["Type"]][0]]
    return [target["Ref"] for target in listed]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def rendered(value: Any) -> Any:
    """Return the value as the service gets it, with the longest text for each function of the template."""
    if isinstance(value, dict):
        is_function = any(name == "Ref" or name.startswith("Fn::") for name in value)
        return LONGEST_ARN if is_function else {name: rendered(inner) for name, inner in value.items()}
    return [rendered(inner) for inner in value] if isinstance(value, list) else value


def principals(statement: dict[str, Any]) -> int:
    principal = statement["Principal"]
    return sum(len(as_list(each)) for each in principal.values()) if isinstance(principal, dict) else 1


@every_policy
def test_policy_names_one_resource_and_that_is_its_own(name: str) -> None:
    """SQS answers "Invalid value for the parameter Policy" to a statement that covers more than one queue."""
    (target,) = targets(name)
    own = {"AWS::SQS::QueuePolicy": {"Fn::GetAtt": [target, "Arn"]}, "AWS::SNS::TopicPolicy": {"Ref": target}}
    for statement in statements(name):
        assert statement["Resource"] == own[POLICIES[name]["Type"]], statement["Sid"]
        assert "NotResource" not in statement


@pytest.mark.parametrize("kind", KINDS)
def test_each_queue_and_topic_has_exactly_one_policy(kind: str) -> None:
    """A second policy resource would replace the first one, and CloudFormation would not say so."""
    covered = [target for name, policy in POLICIES.items() if policy["Type"] == kind for target in targets(name)]
    assert sorted(covered) == sorted(name for name, r in RESOURCES.items() if r["Type"] == KINDS[kind][1])


@every_policy
def test_policy_keeps_the_limits_of_its_service(name: str) -> None:
    limits = KINDS[POLICIES[name]["Type"]][2]
    document = {"Version": "2012-10-17", "Statement": statements(name)}
    assert len(json.dumps(rendered(document))) <= limits["bytes"]
    assert len(document["Statement"]) <= limits["statements"]
    assert sum(map(principals, statements(name))) <= limits["principals"]
    sids = [statement["Sid"] for statement in statements(name)]
    assert len(set(sids)) == len(sids)


@every_policy
def test_policy_names_only_actions_that_its_service_takes(name: str) -> None:
    for statement in statements(name):
        actions = set(as_list(statement["Action"]))
        if POLICIES[name]["Type"] == "AWS::SNS::TopicPolicy":
            assert actions <= SNS_ACTIONS
        else:
            assert len(actions) <= MAX_SQS_ACTIONS
            assert all(action.startswith("sqs:") for action in actions)
            assert sum(len(keys) for keys in statement.get("Condition", {}).values()) <= MAX_SQS_CONDITIONS


@pytest.mark.parametrize("name", [name for name, r in RESOURCES.items() if r["Type"] == "AWS::SQS::Queue"])
def test_queue_keeps_the_limits_of_sqs(name: str) -> None:
    """Amazon SQS API Reference, "SetQueueAttributes"."""
    given = RESOURCES[name]["Properties"]
    assert 60 <= given["MessageRetentionPeriod"] <= 1_209_600
    assert 0 <= given.get("VisibilityTimeout", 30) <= 43_200
    if "RedrivePolicy" in given:
        target = RESOURCES[given["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]
        assert 1 <= given["RedrivePolicy"]["maxReceiveCount"] <= 1000
        assert target["MessageRetentionPeriod"] >= given["MessageRetentionPeriod"]
        assert target.get("FifoQueue") == given.get("FifoQueue")
