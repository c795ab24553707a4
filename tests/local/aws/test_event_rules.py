"""EventBridge of the embedded AWS fills in a target's input as EventBridge does, and knows dead-letter queues."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from local.aws import EmbeddedAws
from local.aws.moto.event_input import InvalidInputError, fill_in, find_values

EVENT = {"detail-type": "Settled", "detail": {"key": 'a "b".jpg', "status": "MATCHED", "size": 3, "tags": ["x"]}}
TEXT = '"<type>: <key> is <status>"'


def test_values_are_found_by_path_and_missing_ones_are_none() -> None:
    paths = {"type": "$.detail-type", "status": "$.detail.status", "none": "$.detail.none.more", "all": "$"}

    assert find_values(paths, EVENT) == {"type": "Settled", "status": "MATCHED", "none": None, "all": EVENT}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        (TEXT, "Settled: 7 is MATCHED"),
        ('{"status": <status>, "n": <n>}', {"status": "MATCHED", "n": 7}),
        ('{"text": "\\"<status>\\" of <n>"}', {"text": '"MATCHED" of 7'}),
        ('["<none>", "<unknown>"]', ["", "<unknown>"]),
    ],
)
def test_template_is_filled_in_within_and_outside_of_strings(template: str, filled: Any) -> None:
    assert fill_in(template, {"type": "Settled", "key": 7, "status": "MATCHED", "n": 7, "none": None}) == filled


@pytest.mark.parametrize("key", ['a"b', "a\\", "a\\x", "a\nb", "a\x01b"])
def test_value_that_breaks_its_string_makes_the_input_invalid(key: str) -> None:
    """Outside of a string the same value is a JSON string of its own."""
    with pytest.raises(InvalidInputError):
        fill_in(TEXT, {"type": "Settled", "key": key, "status": "MATCHED"})
    assert fill_in('{"key": <key>}', {"key": key}) == {"key": key}


def put_event(aws: EmbeddedAws, key: str, to_topic: bool) -> dict[str, str]:
    """Put an event for a rule with this target. Return the URLs of the queues of the target and of its failures."""
    sqs, events, name = aws.client("sqs"), aws.client("events"), f"rule-{uuid.uuid4().hex}"
    urls = {kind: sqs.create_queue(QueueName=f"{name}-{kind}")["QueueUrl"] for kind in ("target", "failed")}
    arns = {
        kind: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for kind, url in urls.items()
    }
    topic = aws.client("sns").create_topic(Name=name)["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns["target"])
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    transformer = {"InputPathsMap": {"key": "$.detail.key"}, "InputTemplate": '"uploaded: <key>"'}
    dead = {"DeadLetterConfig": {"Arn": arns["failed"]}, "InputTransformer": transformer}
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": topic if to_topic else arns["target"]} | dead])
    answer = events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": json.dumps({"key": key})}])
    assert answer["FailedEntryCount"] == 0
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
    return urls


def receive(aws: EmbeddedAws, url: str) -> list[dict[str, Any]]:
    answer = aws.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


@pytest.mark.parametrize("to_topic", [False, True], ids=["queue", "topic"])
def test_target_gets_its_text_with_quotes(aws: EmbeddedAws, to_topic: bool) -> None:
    urls = put_event(aws, "a.jpg", to_topic)

    (message,) = receive(aws, urls["target"])
    body = json.loads(message["Body"])
    assert (body["Message"] if to_topic else message["Body"]) == '"uploaded: a.jpg"'
    assert receive(aws, urls["failed"]) == []


@pytest.mark.parametrize("to_topic", [False, True], ids=["queue", "topic"])
def test_event_whose_input_is_invalid_goes_to_the_dead_letter_queue(aws: EmbeddedAws, to_topic: bool) -> None:
    urls = put_event(aws, 'a".jpg', to_topic)

    assert receive(aws, urls["target"]) == []
    (message,) = receive(aws, urls["failed"])
    assert json.loads(message["Body"])["detail"] == {"key": 'a".jpg'}
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_JSON"
