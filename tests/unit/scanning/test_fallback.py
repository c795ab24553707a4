"""From URL to bytes to rendition: what follows a verdict that may come from the representation."""

from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.url_health import AVOID_SECONDS, FAILURE_THRESHOLD
from tests.support.scanner_world import AWAY, JPEG, NO_MATCH, NOT_VERIFIED, UNKNOWN, ScannerWorld, upload

WRONG_SIZE = Verdict(MatchOutcome.WRONG_SIZE, "service-3208")
URL, BYTES = "url https://s3/a.jpg", f"value image/jpeg {len(JPEG)}"
RENDITION = f"value image/jpeg {len(b'rendition of ' + JPEG)}"


def test_bytes_that_the_service_cannot_verify_are_rendered() -> None:
    world = ScannerWorld(NOT_VERIFIED, NOT_VERIFIED)
    world.scan()
    assert world.match_api.sent == [URL, BYTES, RENDITION]


def test_picture_of_wrong_size_is_rendered() -> None:
    world = ScannerWorld(WRONG_SIZE)
    world.scan()
    assert world.match_api.sent == [URL, RENDITION]
    assert world.results.status() is Status.CLEAN


def test_rendition_of_wrong_size_is_unscannable() -> None:
    world = ScannerWorld(WRONG_SIZE, Verdict(MatchOutcome.WRONG_SIZE, "service-3208", "T-3"))
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    attributes = world.results.attributes["v1a.jpg"]
    assert (attributes["reason"], attributes["tracking_id"]) == ("service-3208", "T-3")


def test_unknown_answer_about_a_url_leads_to_the_bytes_on_the_next_attempt() -> None:
    world = ScannerWorld(UNKNOWN)
    world.scan()
    assert world.match_api.sent == [URL]
    (waiting,) = world.retry_queue.sent
    assert waiting[0].failed_attempts == 1
    world.deliver_again()
    assert world.match_api.sent == [URL, BYTES]
    assert ("sent by value", "a.jpg") in world.telemetry.logged


def test_unavailable_service_says_nothing_of_the_url() -> None:
    world = ScannerWorld(AWAY)
    world.scan()
    world.deliver_again()
    assert world.match_api.sent == [URL, URL]


def scan_new(world: ScannerWorld, *answers: Verdict) -> list[str]:
    """Scan one upload more, and return what was sent of it."""
    version = f"v{len(world.results.records) + 1}"
    world.match_api.sent.clear()
    world.match_api.answers = list(answers)
    world.scan(ScanJob(upload(version=version)))
    return list(world.match_api.sent)


def test_urls_that_fail_in_a_row_are_avoided_for_a_while() -> None:
    world = ScannerWorld()
    for _ in range(FAILURE_THRESHOLD):
        assert scan_new(world, NOT_VERIFIED, NO_MATCH) == [URL, BYTES]
    assert scan_new(world) == [BYTES]
    world.time += AVOID_SECONDS - 1
    assert scan_new(world) == [BYTES]
    world.time += 1
    assert scan_new(world, NOT_VERIFIED, NO_MATCH) == [URL, BYTES]
    assert scan_new(world) == [BYTES]


def test_url_that_works_ends_the_count() -> None:
    world = ScannerWorld()
    for _ in range(FAILURE_THRESHOLD - 1):
        scan_new(world, NOT_VERIFIED, NO_MATCH)
    scan_new(world, NO_MATCH)
    scan_new(world, NOT_VERIFIED, NO_MATCH)
    assert scan_new(world) == [URL]


def test_picture_that_the_service_cannot_verify_at_all_says_nothing_of_urls() -> None:
    world = ScannerWorld()
    for _ in range(2 * FAILURE_THRESHOLD):
        assert scan_new(world, NOT_VERIFIED, NOT_VERIFIED, NO_MATCH) == [URL, BYTES, RENDITION]
    assert ("sent by value", "a.jpg") not in world.telemetry.logged
