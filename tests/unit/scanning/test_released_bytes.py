"""released_bytes.py: a match that two people released is opened, and every other match goes into quarantine."""

import json
from dataclasses import replace

import pytest

from photodna_guard.domain.errors import DeferrableError, ObjectGoneError, RetryableError
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.releases import Release
from photodna_guard.scanning.source_copier import MoveLimits
from tests.support.releases import release_of
from tests.support.scanner_world import AWAY, JPEG, MATCH, NO_MATCH, ScannerWorld, upload
from tests.support.schemas import assert_valid

HERE = "uploads/a.jpg"


def released_world(*releases: Release, limits: MoveLimits | None = None) -> ScannerWorld:
    world = ScannerWorld(MATCH, limits=limits)
    world.releases.releases = list(releases) or [release_of(JPEG, HERE)]
    return world


def assert_released(world: ScannerWorld) -> None:
    assert world.results.status() is Status.CLEAN
    assert (world.upload_bucket.tags, world.upload_bucket.objects) == ({"a.jpg": "released"}, {"a.jpg": JPEG})
    assert (world.quarantine_bucket.copies, len(world.quarantine_bucket.evidence)) == ({}, 1)


def assert_quarantined(world: ScannerWorld) -> None:
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}
    assert list(world.quarantine_bucket.copies) == ["a.jpg"]


def test_match_is_released_with_both_people_in_the_evidence() -> None:
    world = released_world()
    world.scan()
    assert_released(world)
    ((key, content),) = world.quarantine_bucket.evidence.items()
    assert world.results.attributes["v1a.jpg"]["release_key"] == key
    record = json.loads(content)
    assert_valid(record, "release-1")
    assert (record["requested"]["by"], record["confirmed"]["by"]) == (
        "arn:aws:iam::1:user/ann",
        "arn:aws:iam::1:user/ben",
    )
    assert (record["source"]["version_id"], record["quarantined"]["version"]) == ("v1", "v0")


def test_match_is_recorded_and_tagged_before_releases_are_looked_up() -> None:
    world, order = released_world(), []  # type: tuple[ScannerWorld, list[str]]
    for fake in (world.results, world.upload_bucket, world.releases, world.quarantine_bucket):
        fake.order = order
    world.scan()
    wanted = ["record_match", "find", "hash_object", "store_evidence", "settle"]
    assert [call for call in order if call in wanted] == wanted
    assert order.index("set_status_tag") < order.index("find")


@pytest.mark.parametrize(
    "release",
    [release_of(b"other bytes", HERE), release_of(JPEG, "uploads/b.jpg"), release_of(JPEG, "others/a.jpg")],
    ids=["of other bytes", "of another key", "of another bucket"],
)
def test_match_that_no_release_covers_is_quarantined(release: Release) -> None:
    world = released_world(release)
    world.scan()
    assert_quarantined(world)


def test_match_without_candidates_is_not_hashed_for_them() -> None:
    world = ScannerWorld(MATCH)
    world.scan()
    assert world.releases.sizes == [len(JPEG)]
    # Once, to be compared with its copy.
    assert world.upload_bucket.calls.count("hash_object") == 1
    assert_quarantined(world)


def test_clean_upload_asks_for_no_release() -> None:
    world = released_world()
    world.match_api.answers = [NO_MATCH]
    world.scan()
    assert (world.results.status(), world.releases.calls) == (Status.CLEAN, [])


@pytest.mark.parametrize("error", [RetryableError("dynamodb:Query: denied"), DeferrableError("throttled")])
@pytest.mark.parametrize("call", ["find", "hash_object", "store_evidence"])
def test_failing_look_leaves_the_match_unreadable_until_it_succeeds(call: str, error: Exception) -> None:
    world = released_world()
    for fake in (world.releases, world.upload_bucket, world.quarantine_bucket):
        fake.fails = {call: [error]}
    world.scan()
    assert (world.results.status(), world.upload_bucket.tags) == (Status.MATCHED, {"a.jpg": "matched"})
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    for fake in (world.releases, world.upload_bucket, world.quarantine_bucket):
        fake.fails = {}
    world.deliver_again()
    assert_released(world)
    assert len(world.match_api.sent) == 1


def test_withdrawn_release_that_left_its_record_behind_quarantines() -> None:
    world = released_world()
    world.results.fails = {"settle": [RetryableError("lost")]}
    world.scan()
    world.releases.releases = []
    world.deliver_again()
    assert_quarantined(world)


def test_known_hash_of_released_bytes_is_released() -> None:
    world = released_world()
    world.match_api.answers = [AWAY]
    world.results.quarantined = {release_of(JPEG, HERE).sha256: replace(MATCH, reason="known-hash")}
    world.scan()
    assert_released(world)
    assert json.loads(next(iter(world.quarantine_bucket.evidence.values())))["source"]["size"] == len(JPEG)


def test_match_whose_source_is_gone_is_no_release() -> None:
    world = released_world()
    world.upload_bucket.fails = {"hash_object": [ObjectGoneError("deleted")]}
    world.upload_bucket.objects = {"a.jpg": JPEG}
    world.scan()
    assert_quarantined(world)


def test_held_match_is_released_in_observe_mode() -> None:
    world = ScannerWorld(MATCH, observe=True)
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.releases.releases = [release_of(JPEG, HERE)]
    world.scan(ScanJob(upload()))
    assert_released(world)


def test_differing_unproved_reads_release_nothing() -> None:
    world = released_world()
    world.upload_bucket.hash_proved = False
    found = iter(["0" * 64, "1" * 64])

    def look(name: str) -> None:
        if name == "hash_object":
            world.upload_bucket.sha256 = next(found, "")

    world.upload_bucket.call = look  # type: ignore[method-assign]
    world.scan()
    assert world.results.status() is Status.MATCHED
    assert world.quarantine_bucket.evidence == {}


def test_large_match_waits_for_a_run_that_has_the_time_to_compare_it() -> None:
    limits = MoveLimits(in_memory_bytes=50, bytes_per_second=len(JPEG) / 60, fresh_seconds=100)
    world = released_world(limits=limits)
    # The request is sent at once, and there is no minute left after it.
    world.passing = lambda: 60.0 if world.match_api.sent else 0.0
    world.scan(seconds=100)
    assert (world.results.status(), world.quarantine_bucket.copies) == (Status.MATCHED, {})
    world.passing = lambda: 0.0
    world.deliver_again()
    assert_released(world)


def test_ten_own_tags_are_given_back() -> None:
    world = released_world()
    world.upload_bucket.own_tags, world.upload_bucket.full = 10, True
    world.scan()
    assert world.upload_bucket.calls.count("set_own_tags") == 1
    assert world.upload_bucket.replaced == []
    assert world.results.records["v1a.jpg"].untagged
