"""scanner.py: what one read shows decides nothing where nothing proves it and nobody else sees the bytes."""

import pytest

from photodna_guard.domain.models import Representation, ScanJob, Status
from tests.support.scanner_world import JPEG, ScannerWorld, upload

TEXT = b"words"


@pytest.mark.parametrize("first", [TEXT, b""])
def test_picture_whose_head_was_read_wrong_is_not_skipped(first: bytes) -> None:
    world = ScannerWorld()
    world.upload_bucket.proved, world.upload_bucket.heads = False, [first]
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert world.upload_bucket.tags == {}
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_what_two_reads_show_alike_is_skipped() -> None:
    world = ScannerWorld(objects={"a.jpg": TEXT})
    world.upload_bucket.proved = False
    world.scan()
    assert world.results.status() is Status.SKIPPED
    assert world.upload_bucket.calls.count("read_head") == 2


def test_what_a_digest_proves_is_looked_at_once() -> None:
    world = ScannerWorld(objects={"a.jpg": TEXT})
    world.scan()
    assert world.upload_bucket.calls.count("read_head") == 1


def test_what_the_service_is_asked_about_is_looked_at_once() -> None:
    world = ScannerWorld()
    world.upload_bucket.proved = False
    world.scan()
    assert world.upload_bucket.calls.count("read_head") == 1
    assert world.results.status() is Status.CLEAN


def test_bytes_that_do_not_begin_with_the_head_are_not_sent() -> None:
    world = ScannerWorld()
    world.upload_bucket.heads = [JPEG[:-1] + b"?"]
    world.scan(ScanJob(upload(), representation=Representation.BYTES))
    assert world.match_api.sent == []
    assert world.results.status() is Status.DEFERRED
