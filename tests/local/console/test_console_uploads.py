"""The uploads of the page: their status, and whether a user can read them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.console.results import Result, measure_seconds
from local.console.uploads import MAX_KEY_BYTES, UploadRefusedError, Uploads
from tests.support.clock import ManualClock


class Body:
    def close(self) -> None:
        """Nothing was opened."""


class FakeS3:
    """Answers a user's requests: `answer` is the HTTP status of reading."""

    def __init__(self) -> None:
        self.answer, self.reads = 403, 0
        self.put: dict[str, Any] = {}

    def put_object(self, **given: Any) -> dict[str, str]:
        self.put = given
        return {"VersionId": "v1"}

    def get_object(self, **given: Any) -> dict[str, Body]:
        self.reads += 1
        if self.answer != 200:
            answer: Any = {"Error": {"Code": "x"}, "ResponseMetadata": {"HTTPStatusCode": self.answer}}
            raise ClientError(answer, "GetObject")
        return {"Body": Body()}


class FakeResults:
    """Has one result, or none: `scanned` is that of the last scan."""

    def __init__(self) -> None:
        self.now: Result | None = None
        self.scanned: Result | None = None

    def find(self, upload: str, version: str) -> Result | None:
        return self.scanned

    def fetch(self, upload: str, version: str) -> Result | None:
        assert (upload, version) == ("bucket/a b.jpg", "v1")
        return self.now


class World:
    def __init__(self) -> None:
        self.s3, self.results, self.clock = FakeS3(), FakeResults(), ManualClock()
        self.uploads = Uploads(self.s3, "bucket", self.results, self.clock)

    def seen(self) -> tuple[str, str]:
        self.uploads.refresh()
        (found,) = self.uploads.describe()
        return found["status"], found["access"]


@pytest.fixture
def world() -> World:
    made = World()
    assert made.uploads.put("a b.jpg", b"bytes", "image/jpeg") == 1
    return made


def settled(status: str) -> Result:
    return {"status": status, "received_at": "2026-01-01T00:00:00.100Z", "settled_at": "2026-01-01T00:00:01.350Z"}


def test_upload_is_followed_until_its_tag_lets_users_read(world: World) -> None:
    assert world.seen() == ("UPLOADED", "denied")
    world.results.now = settled("CLEAN")
    assert world.seen() == ("CLEAN", "denied")
    world.s3.answer = 200
    assert world.seen() == ("CLEAN", "readable")
    assert world.uploads.describe()[0]["seconds"] == 1.25
    assert world.uploads.describe()[0]["command"] == "guardctl show 's3://bucket/a b.jpg'"


def test_settled_upload_costs_no_request_until_its_result_changes(world: World) -> None:
    world.results.now = world.results.scanned = settled("CLEAN")
    world.s3.answer = 200
    world.seen()
    world.clock.now += 60
    reads = world.s3.reads
    assert (world.seen(), world.s3.reads) == (("CLEAN", "readable"), reads)

    world.results.now = world.results.scanned = settled("QUARANTINED")
    world.s3.answer = 404
    assert world.seen() == ("QUARANTINED", "gone")


def test_readable_upload_is_not_shown_as_unsettled(world: World) -> None:
    """A verdict that comes between the two reads is shown with what the user met before it."""
    read = world.s3.get_object

    def settle_after_reading(**given: Any) -> dict[str, Body]:
        try:
            return read(**given)
        finally:
            world.results.now, world.s3.answer = settled("CLEAN"), 200

    world.s3.get_object = settle_after_reading  # type: ignore[method-assign]
    assert world.seen() == ("CLEAN", "denied")


@pytest.mark.parametrize("key", ["", "k" * (MAX_KEY_BYTES + 1), "ü" * (MAX_KEY_BYTES // 2 + 1)])
def test_key_that_s3_does_not_take_is_refused(world: World, key: str) -> None:
    with pytest.raises(UploadRefusedError, match="1 to 1024 bytes"):
        world.uploads.put(key, b"")


@pytest.mark.parametrize("kind", ["", "image/jpeg; x", "text/html\r\nx: y", "image"])
def test_odd_content_type_is_left_out(world: World, kind: str) -> None:
    world.uploads.put("key", b"", kind)
    assert "ContentType" not in world.s3.put


def test_open_result_has_no_seconds() -> None:
    assert measure_seconds({"received_at": "2026-01-01T00:00:00Z"}) is None
