"""What a function is sent when an object is created."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

import boto3
import pytest
import requests

from local.aws import EmbeddedCloud

ODD_KEYS = [
    "in/a name with spaces.png",
    "in/1+1=2 & more?.png",
    "in/Zürich/猫/👪.jpg",
    "in/%2Fnot%20decoded.png",
    "in/(brackets)!*'~.png",
    "in/" + "long" * 249 + "x",
]


def records_of(receive: Any, key: str) -> list[dict[str, Any]]:
    def about_key(event: dict[str, Any]) -> bool:
        return "Records" in event and unquote_plus(event["Records"][0]["s3"]["object"]["key"]) == key

    return [event["Records"][0] for event in receive("Seen", about_key)]


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: key[3:15])
def test_the_key_of_an_event_is_encoded_as_s3_does(cloud: EmbeddedCloud, receive: Any, key: str) -> None:
    put = cloud.client("s3").put_object(Bucket=cloud.resource("Uploads"), Key=key, Body=b"12345")

    (record,) = records_of(receive, key)

    sent = record["s3"]["object"]
    assert re.fullmatch(r"[A-Za-z0-9%+/_.~-]+", sent["key"])
    assert sent["versionId"] == put["VersionId"]
    assert (sent["size"], sent["eTag"]) == (5, put["ETag"].strip('"'))


def test_an_event_has_all_that_s3_sends(cloud: EmbeddedCloud, receive: Any) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=cloud.aws_endpoint_url,
        aws_access_key_id="SOMEBODY",
        aws_secret_access_key="anything",
        region_name="us-east-1",
    )
    bucket = cloud.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="in/complete", Body=b"x")

    (record,) = records_of(receive, "in/complete")

    assert record["eventVersion"].startswith("2.")
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["awsRegion"] == "us-east-1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["eventTime"])
    assert record["userIdentity"] == {"principalId": "AWS:SOMEBODY"}
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert set(record["responseElements"]) == {"x-amz-request-id", "x-amz-id-2"}
    assert set(record["s3"]["bucket"]) == {"name", "ownerIdentity", "arn"}
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"


def test_sequencers_ascend(cloud: EmbeddedCloud, receive: Any) -> None:
    for _ in range(5):
        cloud.client("s3").put_object(Bucket=cloud.resource("Uploads"), Key="in/again", Body=b"x")

    events = receive("Seen", lambda e: e["Records"][0]["s3"]["object"]["key"] == "in/again", count=5)
    written = [v["VersionId"] for v in versions(cloud, "in/again")]
    by_version = {
        e["Records"][0]["s3"]["object"]["versionId"]: e["Records"][0]["s3"]["object"]["sequencer"] for e in events
    }

    assert len(by_version) == 5
    newest_first = [by_version[version] for version in written]
    assert newest_first == sorted(newest_first, reverse=True)


def versions(cloud: EmbeddedCloud, key: str) -> list[Any]:
    answer = cloud.client("s3").list_object_versions(Bucket=cloud.resource("Uploads"), Prefix=key)
    found: list[Any] = answer["Versions"]
    return found


def test_without_versioning_there_is_no_version_id(cloud: EmbeddedCloud, receive: Any) -> None:
    cloud.client("s3").put_object(Bucket=cloud.resource("Plain"), Key="plain", Body=b"x")

    (record,) = records_of(receive, "plain")

    assert "versionId" not in record["s3"]["object"]


def test_a_multipart_upload_sends_one_event(cloud: EmbeddedCloud, receive: Any) -> None:
    s3, at = cloud.client("s3"), {"Bucket": cloud.resource("Uploads"), "Key": "in/parts"}
    upload = {**at, "UploadId": s3.create_multipart_upload(**at)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=bytes(size))["ETag"]}
        for n, size in ((1, 5 * 2**20), (2, 10))
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    s3.put_object(Bucket=at["Bucket"], Key="in/afterwards", Body=b"x")

    events = receive("Seen", count=2)

    names = {e["Records"][0]["s3"]["object"]["key"]: e["Records"][0]["eventName"] for e in events}
    assert names == {
        "in/parts": "ObjectCreated:CompleteMultipartUpload",
        "in/afterwards": "ObjectCreated:Put",
    }


def test_a_copy_sends_a_copy_event(cloud: EmbeddedCloud, receive: Any) -> None:
    s3, bucket = cloud.client("s3"), cloud.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="in/copy", CopySource={"Bucket": bucket, "Key": "elsewhere"})

    (record,) = records_of(receive, "in/copy")

    assert record["eventName"] == "ObjectCreated:Copy"


def test_a_presigned_upload_and_a_form_upload_send_events(cloud: EmbeddedCloud, receive: Any) -> None:
    s3, plain = cloud.client("s3"), cloud.resource("Plain")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": plain, "Key": "by url"})
    body = b"key=value&not=a form\x00\xff"
    assert requests.put(url, data=body, timeout=10).status_code == 200
    form = s3.generate_presigned_post(plain, "by form")
    posted = requests.post(form["url"], data=form["fields"], files={"file": b"content"}, timeout=10)
    assert posted.status_code == 204

    events = receive("Seen", count=2)

    names = {e["Records"][0]["s3"]["object"]["key"]: e["Records"][0]["eventName"] for e in events}
    assert names == {"by+url": "ObjectCreated:Put", "by+form": "ObjectCreated:Post"}
    assert s3.get_object(Bucket=plain, Key="by url")["Body"].read() == body


def test_the_filter_of_a_notification_holds(cloud: EmbeddedCloud, receive: Any) -> None:
    s3, bucket = cloud.client("s3"), cloud.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="out/of/it", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/it", Body=b"x")

    assert records_of(receive, "in/it")
    assert receive("Seen", within=1) == []


def test_eventbridge_is_sent_the_key_as_it_is(cloud: EmbeddedCloud, receive: Any) -> None:
    put = cloud.client("s3").put_object(Bucket=cloud.resource("Uploads"), Key="bus/a b+c ü", Body=b"abc")

    (event,) = receive("Seen", lambda e: "detail" in e)

    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == [f"arn:aws:s3:::{cloud.resource('Uploads')}"]
    detail = event["detail"]
    assert detail["bucket"] == {"name": cloud.resource("Uploads")}
    assert detail["object"].pop("sequencer")
    assert detail["object"] == {
        "key": "bus/a b+c ü",
        "size": 3,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    assert (detail["reason"], detail["source-ip-address"]) == ("PutObject", "127.0.0.1")
    assert {"request-id", "requester", "version"} <= set(detail)
