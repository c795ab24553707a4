"""Answers that do not arrive whole, from a real HTTP server on loopback, through botocore and urllib3 as they are."""

import base64
import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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

BODY = bytes(range(256)) * 20
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
PROOFS: dict[str, dict[str, str]] = {
    "checksum": {"x-amz-checksum-crc32": CRC32, "ETag": '"multi-2"'},
    "md5": {"ETag": f'"{MD5}"'},
    "parts": {"ETag": f'"{MD5}-2"'},
    "kms": {"ETag": f'"{MD5[::-1]}"', "x-amz-server-side-encryption": "aws:kms"},
}
CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"})
UPLOAD = Upload("bucket", "key", "etag", "v1", len(BODY))


class Server:
    """Answers each request with the next of `answers`: headers, the body that belongs there, and what is sent of it."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes, bytes]] = []
        self.asked: list[str] = []

    def object(self, proof: str, sent: bytes = BODY, *, of: bytes = BODY, **headers: str) -> None:
        """One answer to a GetObject."""
        said = {"Last-Modified": "Wed, 25 Nov 2026 12:00:00 GMT"} | PROOFS[proof] | headers
        self.answers.append((206 if "Content-Range" in headers else 200, said, of, sent))

    def json(self, body: dict[str, Any], sent: Callable[[bytes], bytes], **headers: str) -> None:
        """One answer of DynamoDB."""
        whole = json.dumps(body).encode()
        said = {"Content-Type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(whole))} | headers
        self.answers.append((200, said, whole, sent(whole)))


@pytest.fixture
def server() -> Iterator[tuple[Server, str]]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked.append(f"{self.command} {self.path}")
            status, headers, whole, sent = server.answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            self.wfile.write(sent)
            self.close_connection = len(sent) != len(whole)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    yield server, f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


@pytest.fixture
def client(server: tuple[Server, str]) -> Callable[[str], Any]:
    session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
    reject_truncated_responses(session.events)
    return lambda service: session.client(service, endpoint_url=server[1], config=CONFIG)  # type: ignore[call-overload]


@pytest.fixture
def s3(server: tuple[Server, str], client: Callable[[str], Any]) -> tuple[Server, UploadBucket]:
    return server[0], UploadBucket(client("s3"))


def cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def corrupt(body: bytes) -> bytes:
    return body[:100] + bytes([body[100] ^ 1]) + body[101:]


# ---------------------------------------------------------------- what the SDK does, on which the fault tests rely


def test_the_raw_stream_of_a_body_is_checked_by_nobody(
    server: tuple[Server, str], client: Callable[[str], Any]
) -> None:
    server[0].object("checksum", corrupt(BODY))
    with client("s3").get_object(Bucket="b", Key="k")["Body"] as raw:
        assert raw.read() == corrupt(BODY)


def test_a_cut_body_is_an_error_of_urllib3_in_the_raw_stream(
    server: tuple[Server, str], client: Callable[[str], Any]
) -> None:
    server[0].object("md5", cut(BODY))
    with client("s3").get_object(Bucket="b", Key="k")["Body"] as raw, pytest.raises(ProtocolError):
        raw.read()


def test_the_sdk_alone_takes_a_cut_page_for_an_empty_one(server: tuple[Server, str]) -> None:
    """Why response_integrity.py is there. Should botocore mend it, that module can go."""
    server[0].json({"Item": {"a": {"S": "b"}}}, cut)
    bare = boto3.Session("AKIATEST", "secret", region_name="us-east-1").client(
        "dynamodb", endpoint_url=server[1], config=CONFIG
    )
    assert "Item" not in bare.get_item(TableName="t", Key={"a": {"S": "b"}})


# ---------------------------------------------------------------- objects


@pytest.mark.parametrize("proof", PROOFS)
def test_bytes_that_arrive_whole_are_read(s3: tuple[Server, UploadBucket], proof: str) -> None:
    server, uploads = s3
    server.object(proof)
    server.object(proof)
    assert uploads.read_object(UPLOAD).content == BODY
    assert len(server.asked) == (2 if proof in ("parts", "kms") else 1)


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("wrong", [cut, corrupt, lambda body: b""], ids=["cut", "corrupt", "cut at once"])
@pytest.mark.parametrize("method", [UploadBucket.read_object, UploadBucket.hash_object])
def test_bytes_that_do_not_arrive_as_they_are_have_not_been_read(
    s3: tuple[Server, UploadBucket], proof: str, wrong: Callable[[bytes], bytes], method: Callable[..., Any]
) -> None:
    server, uploads = s3
    server.object(proof, wrong(BODY))
    server.object(proof)
    if method is UploadBucket.hash_object and wrong is corrupt and proof in ("parts", "kms"):
        assert uploads.hash_object(UPLOAD) != hashlib.sha256(BODY).hexdigest()  # whoever asks for it compares it
        return
    with pytest.raises(RetryableError, match="s3:GetObject") as error:
        method(uploads, UPLOAD)
    assert "127.0.0.1" not in str(error.value)


def test_another_size_than_the_events_is_no_read(s3: tuple[Server, UploadBucket]) -> None:
    server, uploads = s3
    half = BODY[: len(BODY) // 2]
    server.object("parts", half, of=half)  # a proxy that has half of it, and is sure of that
    with pytest.raises(RetryableError, match="another size"):
        uploads.read_object(UPLOAD)


@pytest.mark.parametrize("wrong", [cut, lambda body: b""], ids=["cut", "cut at once"])
def test_a_look_that_is_cut_has_not_seen_anything(
    s3: tuple[Server, UploadBucket], wrong: Callable[[bytes], bytes]
) -> None:
    server, uploads = s3
    range_ = {"Content-Range": f"bytes 0-99/{len(BODY)}"}
    server.object("md5", wrong(BODY[:100]), of=BODY[:100], **range_)
    with pytest.raises(RetryableError, match="s3:GetObject"):
        uploads.read_head(UPLOAD, 100)


def test_a_look_at_fewer_bytes_than_were_asked_for_is_none(s3: tuple[Server, UploadBucket]) -> None:
    server, uploads = s3
    server.object("md5", BODY[:50], of=BODY[:50], **{"Content-Range": f"bytes 0-49/{len(BODY)}"})
    with pytest.raises(RetryableError, match="another length"):
        uploads.read_head(UPLOAD, 100)


def test_a_look_at_a_part_of_an_object_is_not_proved(s3: tuple[Server, UploadBucket]) -> None:
    server, uploads = s3
    server.object("md5", BODY[:100], of=BODY[:100], **{"Content-Range": f"bytes 0-99/{len(BODY)}"})
    assert uploads.read_head(UPLOAD, 100) == ObjectHead(len(BODY), BODY[:100], proved=False)


@pytest.mark.parametrize(("proof", "proved"), [("md5", True), ("checksum", True), ("parts", False), ("kms", False)])
def test_a_look_at_a_whole_object_is_proved_by_its_digest(
    s3: tuple[Server, UploadBucket], proof: str, proved: bool
) -> None:
    server, uploads = s3
    server.object(proof, **{"Content-Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}"})
    assert uploads.read_head(UPLOAD, 1 << 16).proved is proved


def test_a_look_that_says_empty_is_none_where_the_event_says_otherwise(s3: tuple[Server, UploadBucket]) -> None:
    server, uploads = s3
    error = b"<Error><Code>InvalidRange</Code></Error>"
    server.answers += [(416, {}, error, error)] * 2
    with pytest.raises(RetryableError, match="another size"):
        uploads.read_head(UPLOAD, 100)
    assert uploads.read_head(Upload("bucket", "key", "etag", "v1", 0), 100).size == 0


def test_an_error_whose_text_is_cut_is_not_taken_for_an_answer(s3: tuple[Server, UploadBucket]) -> None:
    server, uploads = s3
    error = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    server.answers.append((404, {}, error, cut(error)))
    with pytest.raises(RetryableError, match="IncompleteReadError"):
        uploads.read_object(UPLOAD)


# ---------------------------------------------------------------- all else


@pytest.mark.parametrize("wrong", [cut, lambda body: body.replace(b"it is", b"IT is")], ids=["cut", "corrupt"])
def test_an_item_that_does_not_arrive_whole_is_not_an_empty_one(
    server: tuple[Server, str], client: Callable[[str], Any], wrong: Callable[[bytes], bytes]
) -> None:
    server[0].json({"Item": {"tripped_at": {"S": "it is"}}}, wrong)
    with pytest.raises(RetryableError, match=r"dynamodb:GetItem: (IncompleteRead|Checksum)Error"):
        Table(client("dynamodb"), "table").read({"limiter": "match"})


def test_a_page_that_does_not_arrive_whole_is_not_an_empty_one(
    server: tuple[Server, str], client: Callable[[str], Any]
) -> None:
    server[0].json({"Items": [{"a": {"S": "b"}}], "Count": 1}, lambda body: b"")
    with pytest.raises(RetryableError, match="dynamodb:Query: IncompleteReadError"):
        list(Table(client("dynamodb"), "table").query("unsettled", "unsettled", "0"))


def test_a_listing_that_does_not_arrive_at_all_is_not_an_empty_one(
    server: tuple[Server, str], client: Callable[[str], Any]
) -> None:
    """An empty XML body is parsed as an answer without versions: then the copy would count as never made."""
    server[0].answers.append((200, {}, b"<ListVersionsResult/>", b""))
    with pytest.raises(RetryableError, match="s3:ListObjectVersions: IncompleteReadError"):
        QuarantineBucket(client("s3"), "quarantine", "GOVERNANCE", 1).find_copy(UPLOAD, is_test=False)
