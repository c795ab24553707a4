"""releases.py: which items are a release in force, and who is one person."""

import pytest

from photodna_guard.domain.models import Upload
from photodna_guard.domain.releases import AGREED, ANYWHERE, join_release, parse_release, person_of, release_id
from tests.support.releases import confirmation_item, release_item, release_of, request_item

SSO = "arn:aws:sts::1:assumed-role/AWSReservedSSO_Evidence_0a1b"
ROLE = "arn:aws:sts::1:assumed-role/operators"
NOT_IN_FORCE = {
    "only requested": {"state": "requested"},
    "withdrawn": {"state": "withdrawn"},
    "of a state that nobody knows": {"state": "opened"},
    "confirmed by nobody": {"confirmed_by": None},
    "confirmed without a reason": {"confirmation": None},
    "confirmed by who asked": {"confirmed_by": "arn:aws:iam::1:user/Ann"},
    "confirmed after a day": {"confirmed_at": "2026-11-26T10:00:00.001Z"},
    "of a time that is none": {"requested_at": "yesterday"},
    "without its copy": {"quarantine_version": None},
    "confirmed by another session of the same role": {"requested_by": f"{ROLE}/a", "confirmed_by": f"{ROLE}/b"},
}


@pytest.mark.parametrize("state", ["confirmed", "done"])
def test_confirmed_release_is_in_force(state: str) -> None:
    release = release_of(b"picture", state=state)
    assert (release.requested.by, release.confirmed.reason) == ("arn:aws:iam::1:user/ann", "I looked")


@pytest.mark.parametrize("name", NOT_IN_FORCE)
def test_other_item_is_no_release(name: str) -> None:
    assert parse_release(release_item(b"picture", **NOT_IN_FORCE[name])) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["confirmed", "done"])
def test_request_and_its_confirmation_are_a_release(state: str) -> None:
    joined = join_release(request_item(b"picture"), confirmation_item(b"picture", state=state))
    assert (joined["state"], parse_release(joined)) == (state, release_of(b"picture"))


@pytest.mark.parametrize("name", AGREED)
def test_confirmation_counts_for_the_very_request(name: str) -> None:
    request = request_item(b"picture") | {name: "something else"}
    assert join_release(request, confirmation_item(b"picture")) == request
    assert parse_release(join_release(request, confirmation_item(b"picture"))) is None


@pytest.mark.parametrize("request_state", ["withdrawn", "confirmed", "done", "opened"])
def test_request_in_any_other_state_releases_nothing_by_itself(request_state: str) -> None:
    forged = release_item(b"picture", state=request_state)
    assert parse_release(join_release(forged, {})) is None
    # Its confirmation counts while it is only asked for.
    joined = join_release(request_item(b"picture", state="withdrawn"), confirmation_item(b"picture"))
    assert (joined["state"], joined["confirmed_by"], parse_release(joined)) == (
        "withdrawn", "arn:aws:iam::1:user/ben", None)  # fmt: skip


def test_what_was_confirmed_is_never_taken_from_the_request() -> None:
    forged = request_item(b"picture") | {"confirmed_by": "arn:aws:iam::1:user/zoe"}
    assert "confirmed_by" not in join_release(forged, {})
    assert join_release(forged, confirmation_item(b"picture"))["confirmed_by"] == "arn:aws:iam::1:user/ben"
    assert join_release({}, confirmation_item(b"picture")) == {}


def test_release_covers_its_place_only() -> None:
    release = release_of(b"picture", "uploads/a.jpg")
    assert release.covers(Upload("uploads", "a.jpg", "e", "v2"))
    assert not release.covers(Upload("uploads", "a.jpg2", "e", "v2"))
    assert not release.covers(Upload("other", "a.jpg", "e", "v2"))
    assert release_of(b"picture", ANYWHERE).covers(Upload("other", "a.jpg", "e", None))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/ben", False),
        (f"{SSO}/ann@example.com", f"{SSO}/ben@example.com", False),
        # Identity Center has its own name for each person, whatever permission set is used.
        (f"{SSO}/ann@example.com", "arn:aws:sts::2:assumed-role/AWSReservedSSO_Admin_9f/Ann@example.com", True),
        # Whoever assumes these chooses the session's name.
        (f"{ROLE}/ann", f"{ROLE}/ben", True),
        (f"{ROLE}/ann", "arn:aws:sts::2:assumed-role/operators/ann", False),
        ("arn:aws:sts::1:federated-user/ann", "arn:aws:sts::1:federated-user/ben", True),
        ("ann", " Ann", True),
        ("ann", "ben", False),
    ],
)
def test_people_are_told_apart_by_what_they_do_not_choose(one: str, other: str, same: bool) -> None:
    assert (person_of(one) == person_of(other)) is same


def test_id_of_the_longest_key_fits_into_a_key_of_dynamodb() -> None:
    assert len(release_id("0" * 64, f"{'b' * 63}/{'k' * 1024}").encode()) <= 1024
    assert release_id("0" * 64, "b/k") != release_id("0" * 64, "b/l")
