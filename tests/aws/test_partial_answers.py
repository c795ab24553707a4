"""Responses that do not arrive whole, from a real HTTP server on loopback, through botocore and urllib3."""

import hashlib
import io
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.config import Config
from urllib3.exceptions import ProtocolError

from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.response_integrity import reject_truncated_responses
from photodna_guard.aws.table import Table
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import ObjectHead, Upload
from tests.aws.http_server import BODY, PROOFS, Server, corrupt, cut, cut_at_once, running_server

CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"})
UPLOAD = Upload("bucket", "key", "etag", "v1", len(BODY))

MakeClient = Callable[[str], Any]


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """Make a session as the application does, once for the module: making it takes a third of a second."""
    session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
    reject_truncated_responses(session.events)
    return session


@pytest.fixture
def client(server: Server, session: boto3.Session) -> MakeClient:
    return lambda service: session.client(service, endpoint_url=server.url, config=CONFIG)  # type: ignore[call-overload]


@pytest.fixture
def uploads(client: MakeClient) -> UploadBucket:
    return UploadBucket(client("s3"))


def download(uploads: UploadBucket, upload: Upload) -> bytes:
    file = io.BytesIO()
    uploads.download(upload, file)
    return file.getvalue()


# ---------------------------------------------------------------- what the SDK does, on which the fault tests rely


def test_sdk_does_not_check_the_raw_stream_of_a_body(server: Server, client: MakeClient) -> None:
    server.respond_with_object("checksum", corrupt(BODY))
    with client("s3").get_object(Bucket="b", Key="k")["Body"] as raw:
        assert raw.read() == corrupt(BODY)


def test_cut_body_is_a_urllib3_error_in_the_raw_stream(server: Server, client: MakeClient) -> None:
    server.respond_with_object("md5", cut(BODY))
    with client("s3").get_object(Bucket="b", Key="k")["Body"] as raw, pytest.raises(ProtocolError):
        raw.read()


def test_sdk_alone_takes_a_cut_page_for_an_empty_one(server: Server) -> None:
    """Shows why response_integrity.py is there. If botocore mends this, that module can go."""
    server.respond_with_json({"Item": {"a": {"S": "b"}}}, cut)
    unchecked = boto3.Session("AKIATEST", "secret", region_name="us-east-1").client(
        "dynamodb", endpoint_url=server.url, config=CONFIG
    )
    assert "Item" not in unchecked.get_item(TableName="t", Key={"a": {"S": "b"}})


# ---------------------------------------------------------------- objects


@pytest.mark.parametrize("proof", PROOFS)
def test_bytes_that_arrive_whole_are_read(server: Server, uploads: UploadBucket, proof: str) -> None:
    server.respond_with_object(proof)
    server.respond_with_object(proof)
    assert uploads.read_object(UPLOAD).content == BODY
    assert len(server.requests) == (2 if proof in ("parts", "kms") else 1)


@pytest.mark.parametrize("proof", PROOFS)
def test_whole_object_is_downloaded(server: Server, uploads: UploadBucket, proof: str) -> None:
    server.respond_with_object(proof)
    server.respond_with_object(proof)
    assert download(uploads, UPLOAD) == BODY
    assert len(server.requests) == (2 if proof in ("parts", "kms") else 1)


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("damage", [cut, corrupt, cut_at_once])
@pytest.mark.parametrize("method", [UploadBucket.read_object, UploadBucket.hash_object, download])
def test_read_of_damaged_bytes_fails(
    server: Server, uploads: UploadBucket, proof: str, damage: Callable[[bytes], bytes], method: Callable[..., Any]
) -> None:
    server.respond_with_object(proof, damage(BODY))
    server.respond_with_object(proof)
    if method is UploadBucket.hash_object and damage is corrupt and proof in ("parts", "kms"):
        # The caller compares the hash.
        digest = uploads.hash_object(UPLOAD)
        assert (digest.sha256 == hashlib.sha256(BODY).hexdigest(), digest.is_proved) == (False, False)
        return
    with pytest.raises(RetryableError, match="s3:GetObject") as error:
        method(uploads, UPLOAD)
    assert "127.0.0.1" not in str(error.value)


@pytest.mark.parametrize("proof", PROOFS)
def test_bytes_that_arrive_whole_are_downloaded(server: Server, uploads: UploadBucket, proof: str) -> None:
    server.respond_with_object(proof)
    server.respond_with_object(proof)
    file = BytesIO()
    uploads.download(UPLOAD, file)
    assert file.getvalue() == BODY
    assert len(server.requests) == (2 if proof in ("parts", "kms") else 1)


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("damage", [cut, corrupt, cut_at_once])
def test_download_of_damaged_bytes_fails(
    server: Server, uploads: UploadBucket, proof: str, damage: Callable[[bytes], bytes]
) -> None:
    server.respond_with_object(proof, damage(BODY))
    server.respond_with_object(proof)
    with pytest.raises(RetryableError, match="s3:GetObject"):
        uploads.download(UPLOAD, BytesIO())


@pytest.mark.parametrize("proof", ["parts", "kms"])
@pytest.mark.parametrize("damage", [cut, corrupt, cut_at_once])
def test_download_whose_second_read_is_damaged_fails(
    server: Server, uploads: UploadBucket, proof: str, damage: Callable[[bytes], bytes]
) -> None:
    server.respond_with_object(proof)
    server.respond_with_object(proof, damage(BODY))
    with pytest.raises(RetryableError, match="s3:GetObject"):
        uploads.download(UPLOAD, BytesIO())


def test_read_of_another_size_than_the_events_fails(server: Server, uploads: UploadBucket) -> None:
    """As from a proxy that has half of the object, and a Content-Length to match."""
    half = cut(BODY)
    server.respond_with_object("parts", half, body=half)
    with pytest.raises(RetryableError, match="another size"):
        uploads.read_object(UPLOAD)


@pytest.mark.parametrize("damage", [cut, cut_at_once])
def test_cut_head_is_not_read(server: Server, uploads: UploadBucket, damage: Callable[[bytes], bytes]) -> None:
    head = BODY[:100]
    server.respond_with_object("md5", damage(head), body=head, content_range=f"bytes 0-99/{len(BODY)}")
    with pytest.raises(RetryableError, match="s3:GetObject"):
        uploads.read_head(UPLOAD, 100)


def test_head_of_fewer_bytes_than_requested_is_not_read(server: Server, uploads: UploadBucket) -> None:
    server.respond_with_object("md5", BODY[:50], body=BODY[:50], content_range=f"bytes 0-49/{len(BODY)}")
    with pytest.raises(RetryableError, match="another length"):
        uploads.read_head(UPLOAD, 100)


def test_head_of_a_part_of_an_object_is_not_proved(server: Server, uploads: UploadBucket) -> None:
    server.respond_with_object("md5", BODY[:100], body=BODY[:100], content_range=f"bytes 0-99/{len(BODY)}")
    assert uploads.read_head(UPLOAD, 100) == ObjectHead(len(BODY), BODY[:100], proved=False)


@pytest.mark.parametrize(("proof", "proved"), [("md5", True), ("checksum", True), ("parts", False), ("kms", False)])
def test_head_of_a_whole_object_is_proved_by_its_digest(
    server: Server, uploads: UploadBucket, proof: str, proved: bool
) -> None:
    server.respond_with_object(proof, content_range=f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
    assert uploads.read_head(UPLOAD, 1 << 16).proved is proved


def test_empty_head_is_an_error_if_the_event_has_a_size(server: Server, uploads: UploadBucket) -> None:
    for _ in range(2):
        server.respond(416, b"<Error><Code>InvalidRange</Code></Error>")
    with pytest.raises(RetryableError, match="another size"):
        uploads.read_head(UPLOAD, 100)
    assert uploads.read_head(Upload("bucket", "key", "etag", "v1", 0), 100).size == 0


def test_error_response_that_is_cut_is_not_understood(server: Server, uploads: UploadBucket) -> None:
    error = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    server.respond(404, error, cut(error))
    with pytest.raises(RetryableError, match="IncompleteReadError"):
        uploads.read_object(UPLOAD)


# ---------------------------------------------------------------- all else


@pytest.mark.parametrize("damage", [cut, lambda body: body.replace(b"it is", b"IT is")], ids=["cut", "corrupt"])
def test_damaged_item_is_not_an_empty_one(server: Server, client: MakeClient, damage: Callable[[bytes], bytes]) -> None:
    server.respond_with_json({"Item": {"tripped_at": {"S": "it is"}}}, damage)
    with pytest.raises(RetryableError, match=r"dynamodb:GetItem: (IncompleteRead|Checksum)Error"):
        Table(client("dynamodb"), "table").read({"limiter": "match"})


def test_page_that_does_not_arrive_is_not_an_empty_one(server: Server, client: MakeClient) -> None:
    server.respond_with_json({"Items": [{"a": {"S": "b"}}], "Count": 1}, cut_at_once)
    with pytest.raises(RetryableError, match="dynamodb:Query: IncompleteReadError"):
        list(Table(client("dynamodb"), "table").query("unsettled", "unsettled", "0"))


def test_listing_that_does_not_arrive_is_not_an_empty_one(server: Server, client: MakeClient) -> None:
    """An empty XML body is parsed as a listing without versions, and the copy would count as never made."""
    server.respond(200, b"<ListVersionsResult/>", b"")
    with pytest.raises(RetryableError, match="s3:ListObjectVersions: IncompleteReadError"):
        QuarantineBucket(client("s3"), "quarantine", "GOVERNANCE", 1).find_copy(UPLOAD, is_test=False)
