"""Events and notifications of settled uploads, in this process against the embedded cloud."""

import json

from tests.e2e.embedded import Bench, Pictures, take_messages, upload
from tests.support.schemas import assert_valid
from tests.support.waiting import wait_until


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
    for key, body in [("clean.jpg", pictures["clean"]), ("other.png", pictures["other"]), ("words.txt", b"words")]:
        upload(bench.put(key, body))
    upload(bench.put("test.jpg", pictures["match"]))
    details = [json.loads(message["Body"])["detail"] for message in take_messages(cloud, urls["events"])]
    for detail in details:
        assert_valid(detail, "settled-1")
    assert {(d["key"], d["status"], d["is_test"]) for d in details} == {
        ("other.png", "QUARANTINED", False),
        ("test.jpg", "QUARANTINED", True),
        ("words.txt", "SKIPPED", False),
    }
    notified = wait_until(lambda: take_messages(cloud, urls["people"]))
    assert ["other.png" in message["Body"] for message in notified] == [True]
    events.remove_targets(Rule=bench.bucket, Ids=["1"])
    events.delete_rule(Name=bench.bucket)
