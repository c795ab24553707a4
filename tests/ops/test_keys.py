"""Unusual keys: from S3's listing to the queue, and on a terminal."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from ops import formatting
from ops.sqs_batch import send_batch
from ops.versions import Batch, list_versions
from photodna_guard.domain.models import Upload
from tests.ops.old_bucket import as_set, put_versions, receive_uploads, run_backfill

ODD_KEYS = ("a b+c%20d.jpg", "ü/é/日本.jpg", "100%.png", "tab\there", "bell\x07\n.jpg", "q'uote\"\\.jpg", "folder/")


@pytest.mark.parametrize("key", [key for key in ODD_KEYS if key.isprintable()])
def test_unusual_key_is_sent_unchanged(s3: Any, sqs: Any, queue_url: str, bucket: str, key: str) -> None:
    uploads = put_versions(s3, bucket, key)
    assert run_backfill(queue_url, bucket) == 0
    assert receive_uploads(sqs, queue_url) == uploads


_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>old</Name><Prefix/><KeyMarker/>
<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{}</ListVersionsResult>"""
_VERSION = """<Version><Key>{}</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><ETag>&quot;e1&quot;</ETag>
<LastModified>2026-01-02T03:04:05.000Z</LastModified><Size>7</Size></Version>"""


def test_keys_of_the_listing_are_decoded(sqs: Any, queue_url: str) -> None:
    encoded = ("a+b%2Bc%2520d.jpg", "%C3%BC/%C3%A9/%E6%97%A5%E6%9C%AC.jpg", "100%25.png", "tab%09here",
               "bell%07%0A.jpg", "q%27uote%22%5C.jpg", "folder/")  # fmt: skip
    body = _PAGE.format("".join(map(_VERSION.format, encoded))).encode()
    client = boto3.client("s3")
    requested: list[str] = []

    def answer(request: Any, **_: Any) -> Any:
        requested.append(request.url)
        headers = HTTPHeaders.from_pairs([("content-type", "application/xml")])
        raw: Any = SimpleNamespace(stream=lambda *_, **__: iter([body]))
        return AWSResponse(request.url, 200, headers, raw)

    client.meta.events.register_first("before-send.s3.ListObjectVersions", answer)
    assert [upload.key for upload in list_versions(client, "old")] == list(ODD_KEYS)
    assert "encoding-type=url" in requested[0]
    send_batch(sqs, queue_url, Batch(tuple(list_versions(client, "old")), None))
    assert sorted(upload.key for upload in receive_uploads(sqs, queue_url)) == sorted(ODD_KEYS)


def test_ten_longest_keys_fit_into_one_call(sqs: Any, queue_url: str) -> None:
    worst = tuple(Upload("b" * 63, "\x01" * 1023 + str(n), "e" * 32, "v" * 1024, 5 * 10**12) for n in range(10))
    send_batch(sqs, queue_url, Batch(worst, None))
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(list(worst))


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("plain/1.jpg", "plain/1.jpg"),
        ("a b$(c)", "'a b$(c)'"),
        ("ü.jpg", "'ü.jpg'"),
        ("a\nb'\\", "$'a\\x0ab\\x27\\x5c'"),
        ("\x1b[2J", "$'\\x1b[2J'"),
        ("\u202egpj.exe", "$'\\xe2\\x80\\xaegpj.exe'"),
    ],
)
def test_quoted_key_is_safe_for_shell_and_terminal(key: str, line: str) -> None:
    assert formatting.quote_key(key) == line


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (29, "29 s"), (100, "2 min"), (3600, "1 h"), (100_000, "1 d 3 h")]
)
def test_formatted_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert formatting.format_duration(seconds) == text
