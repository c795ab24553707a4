"""Events and notifications of settled uploads, in this process against the embedded cloud."""

import json
import re
from typing import Any

from tests.e2e.embedded import Bench, Pictures, take_messages, upload
from tests.support.schemas import assert_valid
from tests.support.waiting import wait_until

# An uploader chooses the key. EventBridge puts values into its texts without escaping them.
HOSTILE_KEY = 'other "1"\\2.png'


def test_all_but_clean_uploads_are_published_and_matches_notified(bench: Bench, pictures: Pictures) -> None:
    cloud = bench.cloud
    assert cloud.emulator
    cloud.emulator.add_to_test_list(pictures["other"], source="Other")
    sqs, events = cloud.client("sqs"), cloud.client("events")
    urls = {name: sqs.create_queue(QueueName=f"{bench.bucket}-{name}")["QueueUrl"] for name in ("events", "people")}
    arns = {n: sqs.get_queue_attributes(QueueUrl=u, AttributeNames=["QueueArn"]) for n, u in urls.items()}
    arns = {name: answer["Attributes"]["QueueArn"] for name, answer in arns.items()}
    pattern = json.dumps({"source": ["photodna-guard"], "detail": {"bucket": [bench.bucket]}})
    events.put_rule(Name=bench.bucket, EventPattern=pattern)
    events.put_targets(Rule=bench.bucket, Targets=[{"Id": "1", "Arn": arns["events"]}])
    topic = cloud.resource("AlarmTopic")
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns["people"])
    for key, body in [("clean.jpg", pictures["clean"]), (HOSTILE_KEY, pictures["other"]), ("words.txt", b"words")]:
        upload(bench.put(key, body))
    upload(bench.put("test.jpg", pictures["match"]))
    details = [json.loads(message["Body"])["detail"] for message in take_messages(cloud, urls["events"])]
    for detail in details:
        assert_valid(detail, "settled-1")
    assert {(d["key"], d["status"], d["is_test"]) for d in details} == {
        (HOSTILE_KEY, "QUARANTINED", False),
        ("test.jpg", "QUARANTINED", True),
        ("words.txt", "SKIPPED", False),
    }
    # The topic is the stack's: an earlier test's match may be notified late.
    notified = wait_until(lambda: find_notified(bench, take_messages(cloud, urls["people"])))
    assert notified == [f"{bench.bucket}/{HOSTILE_KEY}"]
    assert take_messages(cloud, cloud.resource("NotificationDeadLetterQueue")) == []
    events.remove_targets(Rule=bench.bucket, Ids=["1"])
    events.delete_rule(Name=bench.bucket)


def find_notified(bench: Bench, notices: list[dict[str, Any]]) -> list[str]:
    """Return the uploads of the test's bucket to which the notices lead."""
    keys = [re.findall(r"received at (\S+) is (\S+)\.", json.loads(one["Body"])["Message"]) for one in notices]
    items = [item for ((received_at, status),) in keys for item in query_needs_attention(bench, received_at, status)]
    return [item["upload"]["S"] for item in items if item["upload"]["S"].startswith(f"{bench.bucket}/")]


def query_needs_attention(bench: Bench, received_at: str, status: str) -> list[dict[str, Any]]:
    """Query the index as docs/runbook.md says for a notice by e-mail."""
    answer = bench.cloud.client("dynamodb").query(
        TableName=bench.cloud.endpoints.results_table,
        IndexName="needs-attention",
        KeyConditionExpression="needs_attention = :s AND received_at = :t",
        ExpressionAttributeValues={":s": {"S": status}, ":t": {"S": received_at}},
    )
    items: list[dict[str, Any]] = answer["Items"]
    return items
