"""A large match's bytes from a real HTTP server and back to it, through botocore and urllib3, with flat memory."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.response_integrity import reject_truncated_responses
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.content_digest import ContentDigest, digest_of
from photodna_guard.domain.errors import ObjectGoneError, RetryableError
from photodna_guard.domain.models import QuarantinedCopy, Upload
from tests.aws.s3_objects import put_object
from tests.aws.streaming_server import StreamingServer, running_server

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
# A size that is no multiple of any buffer.
SIZE = 40 * MEBIBYTE + 12_345
# What the whole process may grow by, server included, whatever the size.
MAX_GROWTH_BYTES = 24 * MEBIBYTE
UPLOAD = Upload("bucket", "key", "etag", "v1")
# Without TLS botocore signs the body too, for which it reads it once more.
SIGNED = Config(retries={"mode": "standard", "total_max_attempts": 3}, s3={"addressing_style": "path"})
AS_OVER_TLS = SIGNED.merge(Config(s3={"addressing_style": "path", "payload_signing_enabled": False}))


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
    reject_truncated_responses(session.events)
    return session


@pytest.fixture
def server() -> Iterator[StreamingServer]:
    with running_server(SIZE) as server:
        yield server


@pytest.fixture
def client(server: StreamingServer, session: boto3.Session) -> Any:
    return session.client("s3", endpoint_url=server.url, config=AS_OVER_TLS)


def move(client: Any, upload: Upload = UPLOAD) -> tuple[ContentDigest, QuarantinedCopy, ContentDigest]:
    """Return the first read's digests, the copy, and the digests of the read before the deletion."""
    uploads = UploadBucket(client)
    before = uploads.hash_object(upload)
    copy = store(client, before, upload)
    return before, copy, uploads.hash_object(upload)


def store(client: Any, digest: ContentDigest, upload: Upload = UPLOAD) -> QuarantinedCopy:
    with UploadBucket(client).open_object(upload, digest.size) as body:
        return QuarantineBucket(client, "quarantine", "GOVERNANCE", 1).store_stream(upload, body, digest, is_test=False)


@contextmanager
def peak_growth() -> Iterator[Callable[[], int]]:
    """Provide by how many bytes the process grew at most, looked at all the time."""
    peak, over = resident_bytes(), threading.Event()
    first = peak

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.002):
            peak = max(peak, resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: peak - first
    finally:
        over.set()
        watcher.join()


def resident_bytes() -> int:
    """Return the process's resident set."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_large_match_is_moved_with_flat_memory(server: StreamingServer, client: Any) -> None:
    UploadBucket(client).hash_object(UPLOAD)
    with peak_growth() as growth:
        before, copy, after = move(client)
    assert before.sha256 == copy.sha256 == after.sha256 == server.sha256
    assert (before.is_proved, before.size, copy.size) == (False, SIZE, SIZE)
    assert list(server.copies.values()) == [SIZE]
    assert growth() < MAX_GROWTH_BYTES


@pytest.mark.slow
def test_match_of_5_gb_is_moved_with_the_same_memory(server: StreamingServer, client: Any) -> None:
    UploadBucket(client).hash_object(UPLOAD)
    server.size, started = 5 * GIBIBYTE, time.monotonic()
    with peak_growth() as growth:
        before, copy, after = move(client)
    print(f"5 GiB: {growth() / MEBIBYTE:.1f} MiB more at most, {time.monotonic() - started:.0f} s")
    assert before.sha256 == copy.sha256 == after.sha256
    assert list(server.copies.values()) == [5 * GIBIBYTE]
    assert growth() < MAX_GROWTH_BYTES


def test_download_has_flat_memory(server: StreamingServer, client: Any, tmp_path: Path) -> None:
    UploadBucket(client).hash_object(UPLOAD)
    with peak_growth() as growth, (tmp_path / "file").open("wb") as file:
        UploadBucket(client).download(UPLOAD, file)
    assert (tmp_path / "file").stat().st_size == SIZE
    assert growth() < MAX_GROWTH_BYTES


def test_body_is_read_once_more_to_be_signed_without_tls(server: StreamingServer, session: boto3.Session) -> None:
    client = session.client("s3", endpoint_url=server.url, config=SIGNED)
    before, copy, _ = move(client)
    assert copy.sha256 == before.sha256
    assert server.reads == 4


def test_body_is_read_once_over_tls(s3: Any, upload_bucket: str) -> None:
    """As an MD5 is declared, botocore signs the headers only. S3 verifies MD5 and SHA-256 of what arrives."""
    upload, sent, reads = put_object(s3, b"picture"), {}, []  # type: tuple[Upload, dict[str, Any], list[str]]

    def record(request: Any, **_: Any) -> None:
        sent.update({name.lower(): value for name, value in request.headers.items()})
        # moto takes a checksum only beside its algorithm.
        request.headers["x-amz-sdk-checksum-algorithm"] = "SHA256"

    s3.meta.events.register_first("before-send.s3.PutObject", record)
    s3.meta.events.register_first("before-send.s3.GetObject", lambda **_: reads.append("x"))
    s3.create_bucket(Bucket="quarantine", ObjectLockEnabledForBucket=True)
    # moto alone cannot tell a lock.
    with pytest.raises(RetryableError, match="GetObjectRetention"):
        store(s3, digest_of(b"picture"), upload)
    assert sent["x-amz-content-sha256"] == b"UNSIGNED-PAYLOAD"
    assert sent["expect"] == b"100-continue"
    assert int(sent["content-length"]) == 7
    assert len(reads) == 1
    (copy,) = s3.list_objects_v2(Bucket="quarantine")["Contents"]
    assert s3.get_object(Bucket="quarantine", Key=copy["Key"])["Body"].read() == b"picture"


@pytest.mark.parametrize("place", [0, 100, SIZE // 2, SIZE - 1])
def test_cut_read_is_begun_anew_while_it_is_sent(server: StreamingServer, client: Any, place: int) -> None:
    digest = UploadBucket(client).hash_object(UPLOAD)
    server.cut_at = {2: place}
    assert store(client, digest).sha256 == server.sha256
    assert list(server.copies.values()) == [SIZE]
    assert server.reads == 3


def test_read_that_is_cut_each_time_stores_nothing(server: StreamingServer, client: Any) -> None:
    digest = UploadBucket(client).hash_object(UPLOAD)
    server.cut_at = dict.fromkeys(range(2, 9), SIZE // 2)
    with pytest.raises(RetryableError, match="s3:GetObject") as error:
        store(client, digest)
    assert "127.0.0.1" not in str(error.value)
    assert server.copies == {}


@pytest.mark.parametrize("place", [0, SIZE // 2, SIZE - 1])
@pytest.mark.parametrize("number", [1, 2])
def test_corrupt_read_of_either_pass_stores_nothing(
    server: StreamingServer, client: Any, number: int, place: int
) -> None:
    server.corrupt_at = {number: place}
    with pytest.raises(RetryableError, match="s3:PutObject: BadDigest"):
        store(client, UploadBucket(client).hash_object(UPLOAD))
    assert server.copies == {}


@pytest.mark.parametrize("place", [0, SIZE // 2, SIZE - 1])
def test_cut_first_pass_is_no_digest(server: StreamingServer, client: Any, place: int) -> None:
    server.cut_at = {1: place}
    with pytest.raises(RetryableError, match="s3:GetObject"):
        UploadBucket(client).hash_object(UPLOAD)


def test_corrupt_read_before_the_deletion_differs_from_the_copy(server: StreamingServer, client: Any) -> None:
    server.corrupt_at = {3: SIZE // 2}
    _, copy, after = move(client)
    assert copy.sha256 == server.sha256 != after.sha256


def test_source_overwritten_between_the_passes_is_gone(server: StreamingServer, client: Any) -> None:
    upload = Upload("bucket", "key", "etag")
    digest = UploadBucket(client).hash_object(upload)
    server.overwritten_at = 2
    with pytest.raises(ObjectGoneError, match="overwritten"):
        store(client, digest, upload)
    assert server.copies == {}


def test_headers_of_a_large_object_are_read_without_its_bytes(server: StreamingServer, client: Any) -> None:
    source = UploadBucket(client).read_object(UPLOAD, max_bytes=SIZE - 1)
    assert (source.content, source.size, source.is_large) == (b"", SIZE, True)
    assert source.last_modified == "2026-11-25T12:00:00+00:00"


def test_body_can_be_read_again_from_any_place(server: StreamingServer, client: Any) -> None:
    with UploadBucket(client).open_object(UPLOAD, SIZE) as body:
        first = body.read(1000)
        assert body.seek(0, io.SEEK_END) == SIZE
        assert body.read(1) == b""
        body.seek(500)
        assert body.read(500) == first[500:]
        body.seek(-10, io.SEEK_END)
        assert body.read() == b"".join(server.iter_chunks(SIZE - 10))
    assert server.requests == ["GET object bytes=0-", "GET object bytes=500-", f"GET object bytes={SIZE - 10}-"]
