"""guardctl release: each call of each command is the last of its process, or fails; then the command is given again."""

from collections.abc import Callable

import pytest

from tests.faults.calls import DEATHS
from tests.faults.counts import Counts
from tests.faults.enumeration import MAX_CALLS, MAX_SENTENCES
from tests.faults.operators import DIED, Operators
from tests.faults.world import World

FAULTS = (*DEATHS, "lost after", "server error after x3", "throttled x3", "denied")
WHY = ("--reason", "a drawing", "--yes")
# A command that was killed once has to succeed the next time.
TRIES = 2
KEY = "a.jpg"


class Story:
    """A match in quarantine, and what its operators do about it."""

    def __init__(self, world: World) -> None:
        self.world, self.operators = world, Operators(world)
        world.begin()
        world.upload("match", KEY, tags={"owner": "user"})
        world.drain(heal=False)
        self.uri = f"s3://{world.bucket}/{KEY}"

    def give(self, name: str, *arguments: str) -> None:
        """Give a command that has to succeed."""
        code = self.operators.run(name, "release", self.uri, *arguments, *WHY)
        assert code == 0, self.operators.said

    def give_disturbed(self, n: int, planned: str, name: str, *arguments: str, delivered: bool = False) -> bool:
        """Let this happen at the nth call of a command, and give it again then. Return whether there was such a call.

        `delivered`: the scanners work through what was put back before the command is given again.
        """
        world = self.world
        nth = len(world.calls.history) + n
        world.calls.at[nth], reached = planned, False
        for _ in range(TRIES):
            code = self.operators.run(name, "release", self.uri, *arguments, *WHY)
            reached |= nth not in world.calls.at
            self.operators.notice()
            if delivered:
                world.drain(heal=True)
            if code == 0:
                break
            assert code == DIED or planned not in DEATHS, self.operators.said
            world.calls.heal()
        assert code == 0, f"{planned} at call {n}: {self.operators.said}"
        world.calls.heal()
        return reached

    def check_released(self, versions: int = 1) -> None:
        """Require one version in its place, opened, with its tags; both people in the result; and every invariant."""
        world = self.world
        world.drain(heal=False)
        world.check()
        put_back = [upload for upload in world.uploads[1:] if not upload.removed]
        assert len(put_back) == versions, "the object is back several times, or not at all"
        for upload in put_back:
            source = world.state.find_source(upload)
            assert source
            assert source.tags == {"owner": "user", "scan-status": "released"}
            assert world.state.result(upload)["status"] == "CLEAN"
        first = world.state.result(world.uploads[0])
        assert (first["released"]["requested_by"], first["released"]["confirmed_by"]) == ("ann", "ben")
        assert first["released"]["version"] == put_back[0].version_id
        assert [one["state"] for one in world.state.releases] == ["done"]


def everywhere(world: World, counts: Counts, what: str, planned: str, *, delivered: bool = False) -> None:
    """Disturb the first call, the second and so on, until a run has fewer calls."""
    broken: list[str] = []
    for n in range(1, MAX_CALLS):
        story = Story(world)
        reached = COMMANDS[what](story, n, planned, delivered)
        try:
            CHECKS[what](story)
        except AssertionError as error:
            broken.append(f"{what}: {planned} at call {n}: {error}")
        counts.points[f"guardctl {what}: {planned}"] += reached
        if not reached or len(broken) >= MAX_SENTENCES:
            break
    assert not broken, "\n".join(broken)
    assert n > 5, "the command makes more calls than that"


def _request(story: Story, n: int, planned: str, delivered: bool) -> bool:
    reached = story.give_disturbed(n, planned, "ann", delivered=delivered)
    story.give("ben", "--confirm")
    story.operators.notice()
    return reached


def _confirm(story: Story, n: int, planned: str, delivered: bool) -> bool:
    story.give("ann")
    return story.give_disturbed(n, planned, "ben", "--confirm", delivered=delivered)


def _withdraw(story: Story, n: int, planned: str, delivered: bool) -> bool:
    story.give("ann")
    story.give("ben", "--confirm")
    story.operators.notice()
    story.world.drain(heal=False)
    reached = story.give_disturbed(n, planned, "cyd", "--withdraw", delivered=delivered)
    story.world.upload("match", KEY)
    return reached


def _check_withdrawn(story: Story) -> None:
    """Require that the same bytes are a match as any other, and that the first one is on the list again."""
    world = story.world
    world.drain(heal=False)
    world.check()
    first, _, last = (world.state.result(upload) for upload in world.uploads)
    assert (first.get("released"), first["needs_attention"]) == (None, "QUARANTINED")
    assert last["status"] == "QUARANTINED"
    assert [one["state"] for one in world.state.releases] == ["withdrawn"]


COMMANDS = {"request": _request, "confirm": _confirm, "withdraw": _withdraw}
CHECKS: dict[str, Callable[[Story], None]] = {
    "request": Story.check_released,
    "confirm": Story.check_released,
    "withdraw": _check_withdrawn,
}


@pytest.mark.parametrize("planned", FAULTS)
@pytest.mark.parametrize("what", COMMANDS)
def test_disturbed_command_given_again_is_done_once(world: World, counts: Counts, what: str, planned: str) -> None:
    everywhere(world, counts, what, planned)


@pytest.mark.parametrize("planned", FAULTS)
def test_confirmation_goes_on_after_the_scanners_were_there(world: World, counts: Counts, planned: str) -> None:
    everywhere(world, counts, "confirm", planned, delivered=True)


def test_request_alone_releases_nothing(world: World) -> None:
    story = Story(world)
    story.give("ann")
    assert story.operators.run("ann", "release", story.uri, "--confirm", *WHY) == 2
    world.upload("match", KEY)
    world.drain(heal=False)
    world.check()
    assert {item["status"] for item in world.state.items} == {"QUARANTINED"}


def test_confirmation_is_too_late_after_a_day(world: World) -> None:
    story = Story(world)
    story.give("ann")
    world.clock.advance(86401)
    assert story.operators.run("ben", "release", story.uri, "--confirm", *WHY) == 2
    assert "more than a day ago" in story.operators.said
    assert story.operators.notice() == []
    story.give("cyd")
    story.give("ben", "--confirm")
    assert len(story.operators.notice()) == 1
