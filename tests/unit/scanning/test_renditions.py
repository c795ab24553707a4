"""scanner.py: uploads that are rendered, one request for each rendition, among fakes."""

import pytest

from photodna_guard.domain.errors import RetryableError, UnscannableError
from photodna_guard.domain.models import Representation, ScanJob, Status
from photodna_guard.domain.renditions import NotAPicture, Rendition, RenditionSet
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.object_renderer import MAX_OBJECT_BYTES
from photodna_guard.scanning.scanner import MAX_RESPONSE_SECONDS, RENDER_SECONDS
from tests.support.scanner_world import AWAY, BUSY, JPEG, MATCH, NO_MATCH, UNKNOWN, ScannerWorld, upload

WEBP = b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0" + bytes(40)
THREE = RenditionSet((Rendition(b"first"), Rendition(b"later", 4), Rendition(b"the last", 9)), 3, 10)
SENT = [f"value image/jpeg {len(one.content)}" for one in THREE.renditions]


def animated(*answers: Verdict) -> ScannerWorld:
    world = ScannerWorld(*answers, objects={"a.jpg": WEBP})
    world.renderer.found[WEBP] = THREE
    return world


def test_every_rendition_is_sent_at_a_slot_of_its_own() -> None:
    world = animated()
    world.scan()
    assert world.match_api.sent == SENT
    assert world.rate_limiter.arrived == 3
    assert world.results.status() is Status.CLEAN
    assert world.results.records["v1a.jpg"].attempts == 3
    seen = {
        name: world.results.attributes["v1a.jpg"][name] for name in ("representation", "frames_seen", "frames_total")
    }
    assert seen == {"representation": "rendition", "frames_seen": 3, "frames_total": 10}


def test_match_of_any_rendition_is_the_match_of_the_upload() -> None:
    world = animated(NO_MATCH, MATCH)
    world.scan()
    assert world.match_api.sent == SENT[:2]
    assert world.results.status() is Status.QUARANTINED
    assert world.results.attributes["v1a.jpg"]["matched_frame"] == 4
    assert world.quarantine_bucket.copies["a.jpg"][0] == WEBP


@pytest.mark.parametrize("failure", [UNKNOWN, AWAY])
def test_failed_upload_asks_only_for_the_renditions_that_have_no_answer(failure: Verdict) -> None:
    world = animated(NO_MATCH, failure)
    world.scan()
    assert world.results.status() is Status.DEFERRED
    world.match_api.sent.clear()
    world.deliver_again()
    assert world.match_api.sent == SENT[1:]
    assert world.results.status() is Status.CLEAN


def test_upload_without_slot_for_its_next_rendition_goes_on_from_there() -> None:
    world = animated()
    world.rate_limiter.fails = {"reserve": [None, BUSY]}
    world.scan()
    assert world.match_api.sent == SENT[:1]
    (waiting,) = world.retry_queue.sent
    assert waiting[0].failed_attempts == 0
    world.deliver_again()
    assert world.match_api.sent == SENT
    assert world.results.status() is Status.CLEAN


def test_renditions_that_all_have_answers_settle_the_upload_without_a_request() -> None:
    world = animated(NO_MATCH, NO_MATCH, NO_MATCH)
    world.results.fails = {"settle": [RetryableError("dynamodb:UpdateItem")]}
    world.scan()
    world.deliver_again()
    assert world.match_api.sent == SENT
    assert world.results.status() is Status.CLEAN


def test_no_match_of_an_inconclusive_look_stays_unreadable() -> None:
    world = animated()
    world.renderer.found[WEBP] = RenditionSet((Rendition(b"preview"),), 1, 1, "format-raw")
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == "format-raw"
    assert world.upload_bucket.tags == {"a.jpg": "unscannable"}


@pytest.mark.parametrize(
    ("reason", "tag"),
    [
        ("not-an-image", "skipped"),
        ("document", "document"),
        ("video", "video"),
        ("audio", "audio"),
        ("archive", "archive"),
    ],
)
def test_skipped_upload_has_a_tag_that_says_whether_it_was_wholly_seen(reason: str, tag: str) -> None:
    world = animated()
    world.renderer.found[WEBP] = NotAPicture(reason)
    world.scan()
    assert world.results.status() is Status.SKIPPED
    assert world.results.attributes["v1a.jpg"]["reason"] == reason
    assert world.upload_bucket.tags == {"a.jpg": tag}
    assert world.match_api.sent == []


def test_object_that_cannot_be_decoded_is_unscannable_with_its_reason() -> None:
    world = animated()
    world.renderer.found[WEBP] = UnscannableError("damaged")
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == "damaged"


def test_object_beyond_the_largest_size_is_not_downloaded() -> None:
    world = animated()
    world.upload_bucket.size = MAX_OBJECT_BYTES + 1
    world.scan()
    assert world.results.attributes["v1a.jpg"]["reason"] == "too-large"
    assert "download" not in world.upload_bucket.calls


def test_failed_renderer_leads_to_another_attempt() -> None:
    world = animated()
    world.renderer.fails = {"render": [RetryableError("the renderer cannot be started")]}
    world.scan()
    (waiting,) = world.retry_queue.sent
    assert waiting[0].failed_attempts == 1
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_download_that_is_not_what_the_head_was_is_no_verdict() -> None:
    world = animated()
    world.upload_bucket.heads = [WEBP[:30] + b"another"]
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert world.renderer.calls == []


def test_no_rendition_begins_without_time_for_it() -> None:
    world = animated()
    world.scan(seconds=MAX_RESPONSE_SECONDS + RENDER_SECONDS - 1)
    assert world.renderer.calls == []
    (waiting,) = world.retry_queue.sent
    assert waiting[0].failed_attempts == 0


def test_stack_may_have_every_picture_rendered() -> None:
    world = ScannerWorld(representation=Representation.RENDITION)
    world.scan()
    assert world.renderer.calls == ["render"]
    assert world.match_api.sent == [f"value image/jpeg {len(b'rendition of ' + JPEG)}"]


def test_rendition_refused_by_the_service_is_unscannable() -> None:
    world = animated(Verdict(MatchOutcome.NOT_AN_IMAGE, "service-3206"))
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert len(world.match_api.sent) == 1


def test_upload_without_version_is_rendered_as_well() -> None:
    world = animated()
    world.scan(ScanJob(upload(version=None)))
    assert world.match_api.sent == SENT
