"""The handlers in this process, against the embedded cloud: events and messages of all shapes."""

import json
from typing import Any

import pytest

from photodna_guard.domain.errors import RedeliveryRequiredError
from photodna_guard.handlers import on_upload
from tests.e2e.embedded import Bench, Pictures, retry, upload


def test_event_bridge_event_is_scanned(bench: Bench, pictures: Pictures) -> None:
    obj = bench.put("ä b+c.jpg", pictures["clean"])["s3"]["object"]
    detail = {
        "bucket": {"name": bench.bucket},
        "object": {"key": "ä b+c.jpg", "etag": obj["eTag"], "version-id": obj["versionId"]},
    }
    on_upload.handler({"detail-type": "Object Created", "detail": detail}, None)
    assert bench.result("ä b+c.jpg")["status"] == "CLEAN"


def test_event_of_sns_is_scanned_by_both_functions(bench: Bench, pictures: Pictures) -> None:
    first, second = ({"Records": [bench.put(key, pictures["clean"])]} for key in ("a.jpg", "b.jpg"))
    first_notice, second_notice = (
        {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": json.dumps(event)}
        for event in (first, second)
    )
    on_upload.handler({"Records": [{"EventSource": "aws:sns", "Sns": first_notice}]}, None)
    assert retry([{"messageId": "1", "body": json.dumps(second_notice)}]) == []
    assert bench.result("a.jpg")["status"] == bench.result("b.jpg")["status"] == "CLEAN"


def test_event_that_asks_for_no_scan_is_counted(
    bench: Bench, pictures: Pictures, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(bench.put("a.jpg", pictures["clean"]) | {"eventName": "ObjectRemoved:Delete"})
    assert '"IgnoredEvent":[1.0]' in capsys.readouterr().out
    assert bench.take_dead_letters() == []


@pytest.mark.parametrize("event", [None, {}, [], "text", {"Records": [{"s3": {}}]}])
def test_malformed_event_is_a_dead_letter_with_its_reason(bench: Bench, event: Any) -> None:
    on_upload.handler(event, None)
    (body,) = bench.take_dead_letters()
    assert json.loads(body)["failure_reason"]


def test_malformed_record_does_not_stop_the_others(bench: Bench, pictures: Pictures) -> None:
    upload(bench.put("a.jpg", pictures["clean"]), {"s3": {}}, bench.put("b.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == bench.result("b.jpg")["status"] == "CLEAN"
    assert len(bench.take_dead_letters()) == 1


def test_failed_invocation_in_the_retry_queue_is_scanned(bench: Bench, pictures: Pictures) -> None:
    record = bench.put("a.jpg", pictures["clean"])
    destination = {"version": "1.0", "requestContext": {}, "requestPayload": {"Records": [record]}}
    assert retry([{"messageId": "1", "body": json.dumps(destination)}]) == []
    assert bench.result("a.jpg")["status"] == "CLEAN"


def test_unreadable_message_is_kept_and_its_batch_scanned(bench: Bench, pictures: Pictures) -> None:
    good = {"Records": [bench.put("a.jpg", pictures["clean"])]}
    messages = [{"messageId": "1", "body": "{"}, {"messageId": "2", "body": json.dumps(good)}]
    assert retry(messages) == []
    assert bench.result("a.jpg")["status"] == "CLEAN"
    assert len(bench.take_dead_letters()) == 1


def test_refused_dead_letter_holds_no_other_message_of_its_batch(bench: Bench, pictures: Pictures) -> None:
    bench.monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", bench.cloud.endpoints.dead_letter_queue_url + "-missing")
    good = {"Records": [bench.put("a.jpg", pictures["clean"])]}
    messages = [{"messageId": "1", "body": "{"}, {"messageId": "2", "body": json.dumps(good)}]
    assert retry(messages) == ["1"]
    assert bench.result("a.jpg")["status"] == "CLEAN"


def test_refused_dead_letter_holds_no_other_record_of_its_event(bench: Bench, pictures: Pictures) -> None:
    bench.monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", bench.cloud.endpoints.dead_letter_queue_url + "-missing")
    with pytest.raises(RedeliveryRequiredError, match="dead-letter queue"):
        upload({"s3": {}}, bench.put("a.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == "CLEAN"


def test_repeated_event_costs_no_second_request(bench: Bench, pictures: Pictures) -> None:
    record = bench.put("a.jpg", pictures["clean"])
    upload(record)
    upload(record)
    upload(record, record)
    assert bench.result("a.jpg")["attempts"] == 1
