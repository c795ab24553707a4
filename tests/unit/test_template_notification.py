"""Test the rule of template.yaml that tells people of matches and failed uploads against EventBridge's rules.

Amazon EventBridge User Guide, "Transforming Amazon EventBridge target input" and "Using dead-letter queues".
"""

import re
from typing import Any

from local.aws.moto.event_input import fill_in, find_values
from tests.support.schemas import load_schema
from tests.support.template import RESOURCES, TEMPLATE, take_first_branch

SETTLED = load_schema("settled-1")["properties"]
RULE = RESOURCES["NotificationRule"]["Properties"]
(TARGET,) = RULE["Targets"]
PATHS: dict[str, str] = TARGET["InputTransformer"]["InputPathsMap"]
TEXT: str = TARGET["InputTransformer"]["InputTemplate"]["Fn::Sub"]
POLICY = RESOURCES["NotificationDeadLetterQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
# The worst text for each field of the event, in which an uploader's text may stand.
HOSTILE = 'a"b\\c\n\x01'


def is_harmless(schema: dict[str, Any]) -> bool:
    """Return whether each value has only characters that need no escape in JSON: one of a list, or a time."""
    return "enum" in schema or "const" in schema or schema.get("format") == "date-time"


def event(**detail: Any) -> dict[str, Any]:
    unsafe = {name: HOSTILE for name, schema in SETTLED.items() if not is_harmless(schema)}
    return {"detail-type": "Upload Settled", "detail": unsafe | detail}


def test_text_has_only_values_that_need_no_escape() -> None:
    """EventBridge does not escape what it puts into the text, and an uploader chooses the key."""
    fields = {path.removeprefix("$.detail.") for path in PATHS.values()}
    assert fields <= SETTLED.keys()
    assert {name for name in fields if not is_harmless(SETTLED[name])} == set()


def test_text_is_valid_for_the_most_hostile_event() -> None:
    text = re.sub(r"\$\{[\w:]+\}", "stack", TEXT)
    settled = event(status="QUARANTINED", received_at="2026-11-26T01:00:00.000Z")
    filled = fill_in(text, find_values(PATHS, settled))
    assert "received at 2026-11-26T01:00:00.000Z is QUARANTINED" in filled
    assert "\n" not in filled


def test_text_names_the_key_of_the_index_that_lists_the_upload() -> None:
    (index,) = (
        index
        for index in take_first_branch(RESOURCES["ResultsTable"]["Properties"]["GlobalSecondaryIndexes"])
        if index["IndexName"] in TEXT
    )
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["needs_attention", "received_at"]
    assert set(PATHS.values()) == {"$.detail.status", "$.detail.received_at"}
    assert set(RULE["EventPattern"]["detail"]["status"]) <= set(SETTLED["status"]["enum"])


def test_undelivered_event_goes_to_a_standard_queue_that_admits_the_rules() -> None:
    queue = TARGET["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    assert "FifoQueue" not in RESOURCES[queue]["Properties"], "EventBridge takes standard queues only"
    (allow,) = (statement for statement in POLICY if statement["Effect"] == "Allow")
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Action"] == "sqs:SendMessage"
    rules = [name for name, r in RESOURCES.items() if f"'{queue}'" in str(r["Properties"].get("Targets"))]
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": [{"Fn::GetAtt": [name, "Arn"]} for name in rules]}}
    assert rules == ["NotificationRule", "GuardrailRule"]


def test_undelivered_and_lost_events_raise_an_alarm_each() -> None:
    alarms = {r["Properties"].get("MetricName"): r["Properties"] for r in RESOURCES.values() if "Alarm" in r["Type"]}
    assert alarms["InvocationsFailedToBeSentToDlq"]["Dimensions"] == [
        {"Name": "RuleName", "Value": {"Ref": "NotificationRule"}}
    ]
    waiting = RESOURCES["NotificationFailureAlarm"]["Properties"]["Dimensions"]
    assert waiting == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["NotificationDeadLetterQueue", "QueueName"]}}]
    assert "NotificationDeadLetterQueueUrl" in TEMPLATE["Outputs"]
