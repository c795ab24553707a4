"""The releases of a stack: who may ask, confirm, go on and withdraw, and until when.

requested -> confirmed -> done        withdrawn from any of them
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from ops.errors import CannotProceedError
from ops.guardctl.release_items import Item, ReleaseItems
from ops.guardctl.target import Target
from photodna_guard.domain.releases import (
    ANYWHERE,
    CONFIRM_WITHIN_SECONDS,
    ReleaseState,
    person_of,
    release_id,
    request_partition,
)
from photodna_guard.domain.timestamps import to_iso

_COPY = ("upload", "version", "sha256", "size", "quarantine_key", "quarantine_version")
_OF_REQUEST = (
    "partition",
    "id",
    *_COPY,
    "scope",
    "request_id",
    "requested_by",
    "requested_person",
    "requested_at",
    "reason",
)


class Releases:
    """The releases, as one person may change them. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._items, self._who, self._now = ReleaseItems(target), target.who, target.now

    def find(self, result: Mapping[str, Any], anywhere: bool) -> Item:
        """Return the release of a quarantined result; empty if there is none."""
        return self._items.read(int(result["size"]), _id_of(result, anywhere))

    def iter_newest(self) -> Iterator[Item]:
        """Yield all releases, those that were asked for last first, each once."""
        return self._items.iter_newest()

    def request(self, result: Mapping[str, Any], anywhere: bool, reason: str) -> Item:
        """Ask for a release. Whoever has asked already and asks again changes nothing."""
        before = self.find(result, anywhere)
        if before and not self._may_be_asked_again(before):
            return before
        item = {name: result[name] for name in _COPY} | {
            "partition": request_partition(int(result["size"])),
            "id": _id_of(result, anywhere),
            "state": ReleaseState.REQUESTED.value,
            "scope": _scope_of(result, anywhere),
            # A new request is another one, and the confirmation of the one before is void.
            "request_id": uuid4().hex,
            "requested_by": self._who,
            "requested_person": person_of(self._who),
            "requested_at": to_iso(self._now()),
            "reason": reason,
        }
        return self._items.put_request(item, before)

    def confirm(self, before: Item, reason: str, client: Callable[[str], Any]) -> Item:
        """Confirm a request. Whoever has confirmed it goes on with it.

        `client`: makes clients with the break-glass role.
        """
        self.check_confirmer(before)
        if before["state"] != ReleaseState.REQUESTED:
            return before
        given = {"state": ReleaseState.CONFIRMED.value, "confirmed_by": self._who, "confirmation": reason}
        return self._items.put_confirmation(before, given | {"confirmed_at": to_iso(self._now())}, client)

    def finish(self, before: Item, version: str, client: Callable[[str], Any]) -> Item:
        """Note as which version the object is back in its place. `client`: as for `confirm`."""
        given = {"state": ReleaseState.DONE.value, "released_version": version, "done_at": to_iso(self._now())}
        return self._items.put_confirmation(before, given, client)

    def withdraw(self, before: Item, reason: str) -> Item:
        """Withdraw a release in whatever state: from now on its bytes are treated as any match."""
        if before["state"] == ReleaseState.WITHDRAWN:
            return before
        given = {"state": ReleaseState.WITHDRAWN.value, "withdrawn_by": self._who, "withdrawal": reason}
        item = {name: before[name] for name in _OF_REQUEST} | given | {"withdrawn_at": to_iso(self._now())}
        return before | self._items.put_request(item, before)

    def state_of(self, item: Item) -> str:
        """Return a release's state, with `expired` for a request that nobody confirmed within a day."""
        if item["state"] != ReleaseState.REQUESTED:
            return str(item["state"])
        age = self._now() - datetime.fromisoformat(item["requested_at"]).timestamp()
        return "expired" if age > CONFIRM_WITHIN_SECONDS else str(item["state"])

    def _may_be_asked_again(self, before: Item) -> bool:
        """Return whether a new request replaces this release. Raises CannotProceedError where none is needed."""
        state, asked = self.state_of(before), "{requested_by} asked for it at {requested_at}".format(**before)
        if state == ReleaseState.REQUESTED and before["requested_person"] != person_of(self._who):
            raise CannotProceedError(f"{asked}. Confirm it with --confirm, or --withdraw it")
        if state == ReleaseState.CONFIRMED:
            raise CannotProceedError(_describe_confirmer(before))
        if state == ReleaseState.DONE:
            raise CannotProceedError(f"These bytes are released already ({asked}). --withdraw ends that")
        return state != ReleaseState.REQUESTED

    def check_confirmer(self, before: Item) -> None:
        """Raise CannotProceedError unless this person may confirm the release, or go on with it."""
        if not before:
            raise CannotProceedError(
                "Nobody has asked for this release. Ask with guardctl release s3://BUCKET/KEY --reason WHY, and give "
                "--anywhere in both calls or in none"
            )
        state = self.state_of(before)
        if state == "expired":
            raise CannotProceedError(f"It was asked for at {before['requested_at']}, more than a day ago. Ask again")
        if state == ReleaseState.WITHDRAWN:
            raise CannotProceedError("It was withdrawn at {withdrawn_at} by {withdrawn_by}. Ask again".format(**before))
        is_confirmer = person_of(str(before.get("confirmed_by", self._who))) == person_of(self._who)
        if state == ReleaseState.CONFIRMED and not is_confirmer:
            raise CannotProceedError(_describe_confirmer(before))
        if before["requested_person"] == person_of(self._who):
            raise CannotProceedError(
                f"{before['requested_by']} asked for it, and you are {self._who}: another person has to confirm it. "
                f"Sessions of one role count as one person, except those of Identity Center"
            )


def _describe_confirmer(item: Item) -> str:
    return "{confirmed_by} confirmed it at {confirmed_at} and gives the same command again. Else --withdraw it".format(
        **item
    )


def _scope_of(result: Mapping[str, Any], anywhere: bool) -> str:
    return ANYWHERE if anywhere else str(result["upload"])


def _id_of(result: Mapping[str, Any], anywhere: bool) -> str:
    return release_id(str(result["sha256"]), _scope_of(result, anywhere))
