"""Events of S3 for created objects, as functions receive them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

import boto3
import pytest
import requests

from local.aws import EmbeddedAws

ODD_KEYS = [
    "in/a name with spaces.png",
    "in/1+1=2 & more?.png",
    "in/Zürich/猫/👪.jpg",
    "in/%2Fnot%20decoded.png",
    "in/(brackets)!*'~.png",
    "in/" + "long" * 249 + "x",
]


def receive_records(receive: Any, key: str) -> list[dict[str, Any]]:
    def is_about_key(event: dict[str, Any]) -> bool:
        return "Records" in event and unquote_plus(event["Records"][0]["s3"]["object"]["key"]) == key

    return [event["Records"][0] for event in receive("Seen", is_about_key)]


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: key[3:15])
def test_key_in_event_is_encoded_like_a_form(aws: EmbeddedAws, receive: Any, key: str) -> None:
    put = aws.client("s3").put_object(Bucket=aws.resource("Uploads"), Key=key, Body=b"12345")

    (record,) = receive_records(receive, key)

    sent = record["s3"]["object"]
    assert re.fullmatch(r"[A-Za-z0-9%+/_.~-]+", sent["key"])
    assert sent["versionId"] == put["VersionId"]
    assert (sent["size"], sent["eTag"]) == (5, put["ETag"].strip('"'))


def test_event_has_all_fields_of_s3(aws: EmbeddedAws, receive: Any) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=aws.aws_endpoint_url,
        aws_access_key_id="SOMEONE",
        aws_secret_access_key="anything",
        region_name="us-east-1",
    )
    bucket = aws.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="in/complete", Body=b"x")

    (record,) = receive_records(receive, "in/complete")

    assert record["eventVersion"].startswith("2.")
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["awsRegion"] == "us-east-1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["eventTime"])
    assert record["userIdentity"] == {"principalId": "AWS:SOMEONE"}
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert set(record["responseElements"]) == {"x-amz-request-id", "x-amz-id-2"}
    assert set(record["s3"]["bucket"]) == {"name", "ownerIdentity", "arn"}
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"


def test_sequencers_of_a_key_ascend(aws: EmbeddedAws, receive: Any) -> None:
    for _ in range(5):
        aws.client("s3").put_object(Bucket=aws.resource("Uploads"), Key="in/again", Body=b"x")

    events = receive("Seen", lambda e: e["Records"][0]["s3"]["object"]["key"] == "in/again", count=5)
    written = [v["VersionId"] for v in list_versions(aws, "in/again")]
    by_version = {
        e["Records"][0]["s3"]["object"]["versionId"]: e["Records"][0]["s3"]["object"]["sequencer"] for e in events
    }

    assert len(by_version) == 5
    newest_first = [by_version[version] for version in written]
    assert newest_first == sorted(newest_first, reverse=True)


def list_versions(aws: EmbeddedAws, key: str) -> list[Any]:
    answer = aws.client("s3").list_object_versions(Bucket=aws.resource("Uploads"), Prefix=key)
    found: list[Any] = answer["Versions"]
    return found


def test_event_without_versioning_has_no_version_id(aws: EmbeddedAws, receive: Any) -> None:
    aws.client("s3").put_object(Bucket=aws.resource("Plain"), Key="plain", Body=b"x")

    (record,) = receive_records(receive, "plain")

    assert "versionId" not in record["s3"]["object"]


def test_multipart_upload_sends_one_event(aws: EmbeddedAws, receive: Any) -> None:
    s3, at = aws.client("s3"), {"Bucket": aws.resource("Uploads"), "Key": "in/parts"}
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


def test_copy_sends_a_copy_event(aws: EmbeddedAws, receive: Any) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="in/copy", CopySource={"Bucket": bucket, "Key": "elsewhere"})

    (record,) = receive_records(receive, "in/copy")

    assert record["eventName"] == "ObjectCreated:Copy"


def test_presigned_and_form_uploads_send_events(aws: EmbeddedAws, receive: Any) -> None:
    s3, plain = aws.client("s3"), aws.resource("Plain")
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


def test_key_outside_the_filter_sends_no_event(aws: EmbeddedAws, receive: Any) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="out/of/it", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/it", Body=b"x")

    assert receive_records(receive, "in/it")
    assert receive("Seen", within=1) == []


def test_eventbridge_event_has_the_key_unencoded(aws: EmbeddedAws, receive: Any) -> None:
    put = aws.client("s3").put_object(Bucket=aws.resource("Uploads"), Key="bus/a b+c ü", Body=b"abc")

    (event,) = receive("Seen", lambda e: "detail" in e)

    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == [f"arn:aws:s3:::{aws.resource('Uploads')}"]
    detail = event["detail"]
    assert detail["bucket"] == {"name": aws.resource("Uploads")}
    assert detail["object"].pop("sequencer")
    assert detail["object"] == {
        "key": "bus/a b+c ü",
        "size": 3,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    assert (detail["reason"], detail["source-ip-address"]) == ("PutObject", "127.0.0.1")
    assert {"request-id", "requester", "version"} <= set(detail)
