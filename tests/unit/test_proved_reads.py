"""scanner.py: what one read shows decides nothing where nothing proves it and nobody else sees the bytes."""

import pytest

from photodna_guard.domain.models import ScanJob, Status
from tests.unit.fakes import JPEG, World, upload

TEXT = b"words"


@pytest.mark.parametrize("first", [TEXT, b""])
def test_picture_whose_head_was_read_wrong_is_not_skipped(first: bytes) -> None:
    world = World()
    world.uploads.proved, world.uploads.heads = False, [first]
    world.scan()
    assert world.ledger.status() is Status.DEFERRED
    assert world.uploads.tags == {}
    world.deliver_again()
    assert world.ledger.status() is Status.CLEAN


def test_what_two_reads_show_alike_is_skipped() -> None:
    world = World(objects={"a.jpg": TEXT})
    world.uploads.proved = False
    world.scan()
    assert world.ledger.status() is Status.SKIPPED
    assert world.uploads.calls.count("read_head") == 2


def test_what_a_digest_proves_is_looked_at_once() -> None:
    world = World(objects={"a.jpg": TEXT})
    world.scan()
    assert world.uploads.calls.count("read_head") == 1


def test_what_the_service_is_asked_about_is_looked_at_once() -> None:
    world = World()
    world.uploads.proved = False
    world.scan()
    assert world.uploads.calls.count("read_head") == 1
    assert world.ledger.status() is Status.CLEAN


def test_bytes_that_do_not_begin_with_the_head_are_not_sent() -> None:
    world = World()
    world.uploads.heads = [JPEG[:-1] + b"?"]
    world.scan(ScanJob(upload(), send_bytes=True))
    assert world.matcher.sent == []
    assert world.ledger.status() is Status.DEFERRED
