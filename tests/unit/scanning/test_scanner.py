"""scanner.py: the way of one upload to its outcome, among fakes."""

import math

import pytest

from photodna_guard.domain.errors import (
    UnscannableError,
)
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import Verdict
from tests.support.scanner_world import (
    JPEG,
    UNRECOGNISED,
    ScannerWorld,
    upload,
)


def test_clean_upload_is_settled_and_tagged() -> None:
    world = ScannerWorld()
    assert world.scan() == [True]
    assert world.results.status() is Status.CLEAN
    assert world.results.attributes["v1a.jpg"]["tracking_id"] == "T-1"
    assert world.results.records["v1a.jpg"].attempts == 1
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert world.retry_queue.sent == []


@pytest.mark.parametrize(
    ("data", "status", "tag"),
    [
        (b"words", Status.SKIPPED, "skipped"),
        (b"", Status.SKIPPED, "skipped"),
        (UNRECOGNISED, Status.UNSCANNABLE, "unscannable"),
    ],
)
def test_upload_decided_by_triage_costs_no_slot_and_no_request(data: bytes, status: Status, tag: str) -> None:
    world = ScannerWorld(objects={"a.jpg": data})
    world.scan()
    assert world.results.status() is status
    assert world.upload_bucket.tags == {"a.jpg": tag}
    assert world.rate_limiter.reserved == []
    assert world.match_api.sent == []


def test_deleted_object_is_settled_as_gone() -> None:
    world = ScannerWorld(objects={})
    world.scan()
    assert world.results.status() is Status.GONE


def test_unreadable_object_is_unscannable_with_its_reason() -> None:
    world = ScannerWorld()
    world.upload_bucket.fails = {"read_head": [UnscannableError("customer-key")]}
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == "customer-key"


def test_upload_without_version_is_sent_by_value() -> None:
    world = ScannerWorld()
    plain = upload(version=None)
    world.scan(ScanJob(plain))
    assert world.match_api.sent == [f"value image/jpeg {len(JPEG)}"]
    assert world.results.status(version="etag:etag") is Status.CLEAN
    assert world.upload_bucket.tags == {}


def test_settled_upload_ends_at_the_claim() -> None:
    world = ScannerWorld()
    world.scan()
    world.scan()
    assert len(world.match_api.sent) == 1


def test_upload_leased_by_another_worker_returns_to_the_queue() -> None:
    world = ScannerWorld()
    world.results.leases["v1a.jpg"] = "another's"
    assert world.scan() == [True]
    assert len(world.retry_queue.sent) == 1
    assert world.match_api.sent == []
    assert "defer" not in world.results.calls


def test_overtaken_worker_changes_nothing() -> None:
    world = ScannerWorld()
    world.results.fails = {}
    original = world.match_api.send

    def slow_send(request: object, within: float = math.inf) -> Verdict | None:
        world.results.leases["v1a.jpg"] = "another's"
        return original(request, within)

    world.match_api.send = slow_send  # type: ignore[method-assign]
    world.scan()
    assert world.results.status() is Status.PENDING
    assert len(world.retry_queue.sent) == 1
