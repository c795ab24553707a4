"""status_tags.py and outcome_handler.py: the tag of a version about which a person decided."""

from dataclasses import replace

import pytest

from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import Decision, ScanRecord, Status
from photodna_guard.scanning.status_tags import choose_status_tag
from tests.support.fakes.buckets import FakeUploadBucket
from tests.support.scanner_world import MATCH, UNRECOGNISED, ScannerWorld, upload

ALLOWED, DENIED = Decision(is_allowed=True, at="2026-11-26T10:00:00Z"), Decision(is_allowed=False, at="later")


@pytest.mark.parametrize(
    ("status", "reason", "allowed", "denied"),
    [
        (Status.UNSCANNABLE, "damaged", "allowed", "denied"),
        (Status.SKIPPED, "document", "allowed", "denied"),
        (Status.SKIPPED, "archive", "allowed", "denied"),
        (Status.SKIPPED, "not-an-image", "skipped", "denied"),
        (Status.CLEAN, "", "clean", "denied"),
        (Status.FAILED, "http-500", None, "denied"),
        (Status.GONE, "deleted", None, None),
        (Status.QUARANTINED, "", None, None),
    ],
)
def test_decision_chooses_the_tag_of_what_is_no_match(
    status: Status, reason: str, allowed: str | None, denied: str | None
) -> None:
    record = ScanRecord(status, "", reason=reason)
    assert choose_status_tag(replace(record, decision=ALLOWED)) == allowed
    assert choose_status_tag(replace(record, decision=DENIED)) == denied


def decide(world: ScannerWorld, decision: Decision) -> None:
    """Write a decision as guardctl does, into the record of a settled upload."""
    (name,) = world.results.records
    world.results.records[name] = replace(world.results.records[name], decision=decision, awaits_decided_tag=True)


@pytest.mark.parametrize(
    ("content", "decision", "tag"), [(UNRECOGNISED, ALLOWED, "allowed"), (b"words", DENIED, "denied")]
)
def test_decided_upload_is_tagged_once_more_and_not_published_again(
    content: bytes, decision: Decision, tag: str
) -> None:
    world = ScannerWorld(objects={"a.jpg": content})
    world.scan()
    published = [*world.event_bus.published]
    decide(world, decision)
    assert world.scan() == [True]
    assert world.upload_bucket.tags == {"a.jpg": tag}
    assert world.event_bus.published == published
    assert not world.results.records["v1a.jpg"].awaits_decided_tag


def test_decision_waits_until_its_tag_is_set() -> None:
    world = ScannerWorld()
    world.scan()
    decide(world, DENIED)
    world.upload_bucket.fails = {"set_status_tag": [RetryableError("s3 is away")]}
    world.scan()
    assert world.results.records["v1a.jpg"].awaits_decided_tag
    world.deliver_again()
    assert world.upload_bucket.tags == {"a.jpg": "denied"}
    assert not world.results.records["v1a.jpg"].awaits_decided_tag


def test_crash_between_tag_and_note_has_the_tag_set_again() -> None:
    world = ScannerWorld()
    world.scan()
    decide(world, DENIED)
    world.results.fails = {"mark_published": [RuntimeError("the process is gone")]}
    assert world.scan() == [False]
    assert world.upload_bucket.tags == {"a.jpg": "denied"}
    assert world.scan() == [True]
    assert not world.results.records["v1a.jpg"].awaits_decided_tag
    assert world.upload_bucket.tags == {"a.jpg": "denied"}


def test_worker_that_read_no_decision_does_not_note_it_as_tagged() -> None:
    """It tags what it has read. The job that guardctl sends a second time sets the tag right."""
    world = ScannerWorld(objects={"a.jpg": b"words"})

    class DecidedMeanwhile(FakeUploadBucket):
        def call(self, name: str) -> None:
            super().call(name)
            if name == "set_status_tag" and self.calls.count(name) == 1:
                decide(world, DENIED)

    bucket = DecidedMeanwhile(objects={"a.jpg": b"words"})
    world.scanner._outcomes._upload_bucket = bucket
    world.scan()
    assert bucket.tags == {"a.jpg": "skipped"}
    assert world.results.records["v1a.jpg"].awaits_decided_tag
    world.scan()
    assert bucket.tags == {"a.jpg": "denied"}


def test_later_match_is_quarantined_whatever_was_decided() -> None:
    world = ScannerWorld(MATCH)
    world.results.records["v1a.jpg"] = ScanRecord(Status.PENDING, "", decision=ALLOWED)
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert upload().key not in world.upload_bucket.objects
