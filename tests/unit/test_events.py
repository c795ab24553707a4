"""domain/events.py: every shape of event and message that names an upload."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.domain.events import ParsedEvent, parse_event, parse_message
from photodna_guard.domain.models import Representation, ScanJob, Upload


def s3_record(key: str = "a.jpg", **obj: Any) -> dict[str, Any]:
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-11-22T10:00:00.000Z",
        "userIdentity": {"principalId": "AWS:AIDA"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "s3": {
            "bucket": {"name": "uploads"},
            "object": {"key": quote_plus(key, safe="/"), "size": 7, "eTag": "e1", "versionId": "v1", "sequencer": "0A"}
            | obj,
        },
    }


def bridge_event(key: str = "a.jpg", **obj: Any) -> dict[str, Any]:
    return {
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": "2026-11-22T10:00:00Z",
        "detail": {
            "bucket": {"name": "uploads"},
            "object": {"key": key, "size": 7, "etag": "e1", "version-id": "v1", "sequencer": "0A"} | obj,
            "requester": "123456789012",
            "source-ip-address": "192.0.2.1",
        },
    }


def uploads(payload: object) -> list[Upload]:
    intake = parse_event(payload)
    assert not intake.unreadable
    return [delivery.upload for delivery in intake.jobs]


def test_every_record_of_an_event_is_read() -> None:
    assert [u.key for u in uploads({"Records": [s3_record("a"), s3_record("b"), s3_record("c")]})] == ["a", "b", "c"]


def test_s3_record_gives_every_field_of_the_upload() -> None:
    assert uploads({"Records": [s3_record()]}) == [
        Upload("uploads", "a.jpg", "e1", "v1", 7, "0A", "2026-11-22T10:00:00.000Z", "AWS:AIDA", "192.0.2.1")
    ]


ODD_KEYS = [
    "a b.jpg",
    "a+b.jpg",
    "100%.jpg",
    "%20.jpg",
    "%2B+%2b",
    "ä/ö ü.png",
    "日本/😀.gif",
    "e\u0301.jpg",
    "a" * 1000,
    "?x=#y&z",
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_key_of_an_s3_notification_is_decoded_once(key: str) -> None:
    assert uploads({"Records": [s3_record(key)]})[0].key == key


@pytest.mark.parametrize("key", ODD_KEYS)
def test_key_of_event_bridge_is_not_decoded(key: str) -> None:
    assert uploads(bridge_event(key))[0].key == key


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_key_survives_being_deferred(key: str) -> None:
    first = parse_event({"Records": [s3_record(key)]}).jobs[0]
    assert parse_message(json.dumps(first.as_dict())).jobs == (first,)


@pytest.mark.parametrize("version", [None, "", "null"])
def test_etag_names_an_unversioned_upload(version: str | None) -> None:
    upload = uploads({"Records": [s3_record(versionId=version)]})[0]
    assert upload.version_id is None
    assert upload.version == "etag:e1"


def test_message_keeps_the_version_from_before_a_bucket_kept_versions() -> None:
    job = ScanJob(Upload("b", "k", "e", "null"))
    assert parse_message(json.dumps(job.as_dict())).jobs == (job,)


def test_failed_invocation_gives_the_uploads_of_its_event() -> None:
    destination = {
        "version": "1.0",
        "requestContext": {},
        "requestPayload": {"Records": [s3_record("a"), s3_record("b")]},
    }
    assert [u.key for u in uploads(destination)] == ["a", "b"]


def test_job_keeps_its_failed_attempts_and_backoff() -> None:
    upload = Upload("uploads", "a", "e1", "v1")
    delivery = ScanJob(
        upload,
        3,
        70.5,
        Representation.RENDITION,
        checked_renditions=("5ha", "5hb"),
        rescan=True,
        reopen_settled_until="2026-11-26T01:00:00.000Z",
    )
    assert parse_message(json.dumps(delivery.as_dict())).jobs == (delivery,)


def test_redriven_message_starts_anew() -> None:
    dead = ScanJob(Upload("uploads", "a", "e1", "v1"), failed_attempts=99, backoff_seconds=1e6).as_dict() | {
        "failure_reason": "http-500"
    }
    again = parse_event(dead).jobs[0]
    assert (again.failed_attempts, again.backoff_seconds, again.redriven) == (0, 0.0, True)


def test_redriven_unreadable_event_is_read_again() -> None:
    assert [u.key for u in uploads({"unreadable_event": s3_record("a"), "failure_reason": "no key"})] == ["a"]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (s3_record() | {"eventName": "ObjectRemoved:Delete"}, "ObjectRemoved:Delete"),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}, "s3:TestEvent"),
        (bridge_event() | {"detail-type": "Object Deleted"}, "Object Deleted"),
    ],
)
def test_event_that_asks_for_no_scan_is_ignored_by_name(event: dict[str, Any], name: str) -> None:
    for payload in (event, {"Records": [event]}, in_queue(event)):
        parsed = parse_event(payload)
        assert (parsed.jobs, parsed.unreadable, parsed.ignored) == ((), (), (name,))


def test_event_without_records_is_nothing() -> None:
    assert parse_event({"Records": []}) == ParsedEvent()


def test_restored_object_is_looked_at_again_without_an_uploader() -> None:
    """S3 restores it, and not who uploaded it: evidence must not name S3, nor the time of the restoration."""
    for name in ("ObjectRestore:Completed", "s3:ObjectRestore:Completed"):
        record = s3_record(sequencer=None) | {"eventName": name}
        assert parse_event(record).jobs == (ScanJob(Upload("uploads", "a.jpg", "e1", "v1", 7), rescan=True),)
    event = bridge_event(sequencer=None) | {"detail-type": "Object Restore Completed"}
    assert parse_event(event).jobs == (ScanJob(Upload("uploads", "a.jpg", "e1", "v1", 7), rescan=True),)


def test_restoration_that_only_began_is_ignored() -> None:
    assert parse_event(s3_record() | {"eventName": "ObjectRestore:Post"}).ignored == ("ObjectRestore:Post",)


TOPIC = "arn:aws:sns:eu-west-1:123456789012:uploads"


def in_queue(event: object) -> dict[str, Any]:
    """Return the body of a queue's message without raw delivery."""
    return {"Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": json.dumps(event)}


def in_function(*events: object) -> dict[str, Any]:
    """Return the event that SNS sends to a function."""
    envelope = {"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": TOPIC + ":1"}
    return {"Records": [envelope | {"Sns": in_queue(event)} for event in events]}


@pytest.mark.parametrize("wrap", [in_queue, in_function])
def test_event_in_a_notification_of_sns_is_read(wrap: Callable[[object], object]) -> None:
    notification = {"Records": [s3_record("a b"), s3_record("c")]}
    assert uploads(wrap(notification)) == uploads(notification)
    assert uploads(wrap(bridge_event("a b"))) == uploads(bridge_event("a b"))
    assert parse_message(json.dumps(wrap(notification))).jobs == parse_event(notification).jobs


def test_failed_invocation_by_sns_gives_the_uploads_of_its_event() -> None:
    event = in_function({"Records": [s3_record("a")]}, {"Records": [s3_record("b")]})
    assert [u.key for u in uploads({"version": "1.0", "requestPayload": event})] == ["a", "b"]


@pytest.mark.parametrize("message", ["Hello", "", "[", "[" * 100_000, "17", None])
def test_notification_of_sns_without_an_event_is_kept_whole(message: str | None) -> None:
    other = in_queue({}) | {"Message": message}
    assert [fault.part for fault in parse_event(other).unreadable] == [other]
    assert len(parse_event({"Records": [{"Sns": other}]}).unreadable) == 1


@pytest.mark.parametrize("kind", ["Object Tags Added", "Object Tags Deleted"])
def test_changed_tags_are_a_scan_job_without_an_uploader(kind: str) -> None:
    """Whoever tags an object is not who uploaded it, and the evidence record names the uploader."""
    (created,), (tagged,) = uploads(bridge_event()), uploads(bridge_event() | {"detail-type": kind})
    assert (tagged.id, tagged.version) == (created.id, created.version)
    assert (created.principal, created.source_ip) == ("123456789012", "192.0.2.1")
    assert tagged.principal == tagged.source_ip == tagged.event_time == ""


def test_malformed_record_does_not_stop_the_others() -> None:
    broken = s3_record()
    del broken["s3"]["object"]["key"]
    intake = parse_event({"Records": [s3_record("a"), broken, s3_record("b")]})
    assert [d.upload.key for d in intake.jobs] == ["a", "b"]
    assert [(f.part, f.reason) for f in intake.unreadable] == [(broken, "no key")]


NO_EVENTS: list[object] = [
    None,
    17,
    "text",
    [],
    {},
    {"Records": "none"},
    {"Records": [None]},
    {"Records": [{"s3": None}]},
    {"Records": [{"s3": {"bucket": {}, "object": {"key": "a", "eTag": "e"}}}]},
    {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "", "eTag": "e"}}}]},
    {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "%ff", "eTag": "e"}}}]},
    {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "a"}}}]},
    {"detail-type": "Object Created"},
    {"detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": 5}}},
    {"upload": {"bucket": "b"}},
    {"upload": {"bucket": "b", "key": "k", "etag": "e"}, "failed_attempts": "many"},
    {"upload": {"bucket": "b", "key": "k", "etag": "e"}, "representation": "fax"},
    {"upload": {"bucket": "b", "key": "k", "etag": "e"}, "representation": ["url"]},
    {"upload": {"bucket": "b", "key": "k", "etag": "e"}, "checked_renditions": "5ha"},
    {"upload": {"bucket": "b", "key": "k", "etag": "e"}, "checked_renditions": [7]},
    {"requestPayload": "nothing"},
]


@pytest.mark.parametrize("payload", NO_EVENTS)
def test_malformed_event_has_a_reason(payload: object) -> None:
    intake = parse_event(payload)
    assert not intake.jobs
    assert len(intake.unreadable) == 1
    assert intake.unreadable[0].reason


@pytest.mark.parametrize("body", ["", "{", "nonsense", "[" * 100_000])
def test_message_that_is_not_json_is_unreadable(body: str) -> None:
    assert [fault.reason for fault in parse_message(body).unreadable] == ["not JSON"]
