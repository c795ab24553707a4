"""guardctl release: who may ask, who may confirm and until when; what is refused and withdrawn."""

from collections.abc import Callable
from typing import Any

import pytest

from ops.guardctl.target import Target
from tests.ops.guardctl.conftest import DAY, PICTURE, URI, WHY, As, release
from tests.support.clock import ManualClock


@pytest.mark.parametrize("who", ["ann", "ANN"])
def test_nobody_confirms_what_they_asked_for(by: As, quarantine: Callable[..., str], buckets: Any, who: str) -> None:
    quarantine()
    release(by("ann"))
    console = by(who)
    assert release(console, "--confirm") == 2
    assert "another person has to confirm it" in console.err
    assert "Versions" not in buckets.list_object_versions(Bucket="uploads")


def test_request_is_void_after_a_day_and_can_be_made_again(
    by: As, quarantine: Callable[..., str], clock: ManualClock
) -> None:
    quarantine()
    release(by("ann"))
    clock.now += DAY + 1
    assert release(by("ben"), "--confirm") == 2
    assert "more than a day ago" in by("ben").err
    assert [item["state"] for item in by("ben").json("release", "--list")] == ["expired"]
    assert release(by("ben")) == 0
    assert release(by("ann"), "--confirm") == 0
    (listed,) = by("ben").json("release", "--list")
    assert (listed["requested_by"], listed["confirmed_by"]) == ("arn:aws:iam::1:user/ben", "arn:aws:iam::1:user/ann")


def test_second_request_changes_nothing(by: As, quarantine: Callable[..., str], clock: ManualClock) -> None:
    quarantine()
    asked = by("ann").json("release", URI, *WHY)
    clock.now += 60
    assert by("ann").json("release", URI, *WHY)["requested_at"] == asked["requested_at"]
    assert release(by("ben")) == 2
    assert "Confirm it with --confirm" in by("ben").err


def test_width_is_part_of_what_is_confirmed(by: As, quarantine: Callable[..., str]) -> None:
    quarantine()
    release(by("ann"), "--anywhere")
    assert release(by("ben"), "--confirm") == 2
    assert "--anywhere in both calls or in none" in by("ben").err
    assert release(by("ben"), "--confirm", "--anywhere") == 0
    assert [item["scope"] for item in by("ben").json("release", "--list")] == ["*"]


@pytest.mark.parametrize("when", ["asked for", "done"])
def test_withdrawn_release_is_over_until_it_is_asked_for_anew(
    by: As, quarantine: Callable[..., str], buckets: Any, when: str
) -> None:
    quarantine()
    release(by("ann"))
    if when == "done":
        release(by("ben"), "--confirm")
        buckets.delete_object(Bucket="uploads", Key="a b.jpg")
    assert release(by("cyd"), "--withdraw") == 0
    assert release(by("cyd"), "--withdraw") == 0
    assert release(by("ben"), "--confirm") == 2
    assert "was withdrawn" in by("ben").err
    (item,) = by("cyd").json("show", URI)
    assert (item.get("released"), item["needs_attention"]) == (None, "QUARANTINED")
    assert release(by("ben")) == 0
    assert release(by("ann"), "--confirm") == 0


def test_only_the_confirmer_goes_on(by: As, quarantine: Callable[..., str], buckets: Any) -> None:
    quarantine()
    buckets.put_object(Bucket="uploads", Key="a b.jpg", Body=b"another")
    release(by("ann"))
    assert release(by("ben"), "--confirm") == 2
    assert "Another object stands at" in by("ben").err
    assert buckets.get_object(Bucket="uploads", Key="a b.jpg")["Body"].read() == b"another"
    assert release(by("cyd"), "--confirm") == 2
    assert "gives the same command again" in by("cyd").err
    assert release(by("ann"), "--confirm") == 2
    buckets.delete_object(Bucket="uploads", Key="a b.jpg")
    assert release(by("ben"), "--confirm") == 0


def test_earlier_try_is_found_by_its_bytes(by: As, quarantine: Callable[..., str], buckets: Any) -> None:
    quarantine()
    release(by("ann"))
    stands = buckets.put_object(Bucket="uploads", Key="a b.jpg", Body=PICTURE)["VersionId"]
    assert by("ben").json("release", URI, "--confirm", *WHY)["released_version"] == stands
    assert len(buckets.list_object_versions(Bucket="uploads")["Versions"]) == 1


def test_copy_with_other_bytes_than_its_record_is_not_put_back(
    by: As, quarantine: Callable[..., str], buckets: Any
) -> None:
    quarantine(recorded="0" * 64)
    release(by("ann"))
    assert release(by("ben"), "--confirm") == 2
    assert "other bytes than its record" in by("ben").err
    assert "Versions" not in buckets.list_object_versions(Bucket="uploads")


def test_refused_break_glass_leaves_the_request_as_it_was(by: As, quarantine: Callable[..., str]) -> None:
    quarantine()
    release(by("ann"))
    console, target = by("ben"), by("ben").target
    console.target = Target(target.stack, target.who, target.client, target.now)
    assert release(console, "--confirm") == 2
    assert [item["state"] for item in by("ben").json("release", "--list")] == ["requested"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("release",), "Which upload"),
        (("release", URI), "Give a --reason"),
        (("release", URI, "--confirm", "--withdraw", *WHY), "Give one of"),
        (("release", "s3://uploads", *WHY), "names no upload"),
        (("release", URI, "--version", "v7", *WHY), "no version v7"),
        (("release", URI, "--withdraw", *WHY), "There is no release"),
        (("release", URI, "--confirm", *WHY), "Nobody has asked"),
    ],
)
def test_call_that_cannot_be_carried_out_is_explained(
    by: As, quarantine: Callable[..., str], arguments: tuple[str, ...], says: str
) -> None:
    quarantine()
    console = by("ann")
    assert console.run(*arguments) == 2
    assert says in console.err


def test_match_of_a_bucket_without_versions_is_refused(by: As, quarantine: Callable[..., str]) -> None:
    quarantine(version="etag:etag")
    assert release(by("ann")) == 2
    assert "without versions" in by("ann").err


def test_one_of_several_versions_in_quarantine_has_to_be_named(by: As, quarantine: Callable[..., str]) -> None:
    quarantine()
    quarantine(b"other", version="v2")
    assert release(by("ann")) == 2
    assert "2 versions in quarantine" in by("ann").err
    assert release(by("ann"), "--version", "v2") == 0
