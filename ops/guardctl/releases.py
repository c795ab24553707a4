"""The releases of a stack: two people, one state after the other, each written only upon the state that was read.

requested -> confirmed -> done        withdrawn from any of them
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.domain.releases import (
    ANYWHERE,
    CONFIRM_WITHIN_SECONDS,
    ReleaseState,
    partition_of,
    person_of,
    release_id,
)
from photodna_guard.domain.timestamps import to_iso

# The partition with one pointer for each request, by its time. Releases are in partitions by size.
_POINTERS = "releases"
_CHANGED = "The release has changed meanwhile. Look at it (guardctl release --list), and give the command again"
Item = dict[str, Any]


class Releases:
    """The releases in the operations table. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._table = OperatedTable(target.client("dynamodb"), target.stack.output("OperationsTableName"))
        self._who, self._now = target.who, target.now

    def find(self, result: Mapping[str, Any], anywhere: bool) -> Item:
        """Return the release of a quarantined result; empty if there is none."""
        return self._read(*_key_of(result, anywhere))

    def request(self, result: Mapping[str, Any], anywhere: bool, reason: str) -> Item:
        """Ask for a release. Whoever has asked already and asks again changes nothing."""
        before = self.find(result, anywhere)
        if before and not self._may_be_asked_again(before):
            return before
        partition, wanted = _key_of(result, anywhere)
        now = to_iso(self._now())
        names = ("upload", "version", "sha256", "size", "quarantine_key", "quarantine_version")
        item = {name: result[name] for name in names} | {
            "partition": partition,
            "id": wanted,
            "state": ReleaseState.REQUESTED.value,
            "scope": ANYWHERE if anywhere else result["upload"],
            "requested_by": self._who,
            "requested_person": person_of(self._who),
            "requested_at": now,
            "reason": reason,
        }
        # The pointer comes first: one that leads nowhere is not shown, and a release without one would be hidden.
        pointer = {"partition": _POINTERS, "id": f"{now}#{wanted}", "of_partition": partition, "of_id": wanted}
        self._table.put(pointer)
        return self._put(item, before)

    def confirm(self, before: Item, reason: str) -> Item:
        """Confirm a request. Whoever has confirmed it goes on with it."""
        self.check_confirmer(before)
        if before["state"] != ReleaseState.REQUESTED:
            return before
        confirmed = {"confirmed_by": self._who, "confirmed_at": to_iso(self._now()), "confirmation": reason}
        return self._put(before | confirmed | {"state": ReleaseState.CONFIRMED.value}, before)

    def finish(self, before: Item, version: str) -> Item:
        """Note as which version the object is back in its place."""
        done = {"state": ReleaseState.DONE.value, "released_version": version, "done_at": to_iso(self._now())}
        return self._put(before | done, before)

    def withdraw(self, before: Item, reason: str) -> Item:
        """Withdraw a release in whatever state: from now on its bytes are treated as any match."""
        if before["state"] == ReleaseState.WITHDRAWN:
            return before
        withdrawn = {"withdrawn_by": self._who, "withdrawn_at": to_iso(self._now()), "withdrawal": reason}
        return self._put(before | withdrawn | {"state": ReleaseState.WITHDRAWN.value}, before)

    def iter_newest(self) -> Iterator[Item]:
        """Yield all releases, those that were asked for last first, each once."""
        seen: set[str] = set()
        for pointer in self._table.query("partition", _POINTERS, newest=True):
            partition, wanted = str(pointer["of_partition"]), str(pointer["of_id"])
            if wanted not in seen:
                seen.add(wanted)
                yield from filter(None, [self._read(partition, wanted)])

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

    def _read(self, partition: str, wanted: str) -> Item:
        items = self._table.query("partition", partition, is_consistent=True)
        return next((item for item in items if item["id"] == wanted), {})

    def _put(self, item: Item, before: Item) -> Item:
        """Write a release in place of what was read."""
        try:
            if before:
                unchanged = {":state": before["state"], ":at": before["requested_at"]}
                condition = "#state = :state AND requested_at = :at"
                self._table.put(item, condition, unchanged, {"#state": "state"})
            else:
                self._table.put(item, "attribute_not_exists(id)")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            # The first write arrived, its answer was lost, and botocore repeated it.
            if self._read(item["partition"], item["id"]) != item:
                raise CannotProceedError(_CHANGED) from None
        return item


def _describe_confirmer(item: Item) -> str:
    return "{confirmed_by} confirmed it at {confirmed_at} and gives the same command again. Else --withdraw it".format(
        **item
    )


def _key_of(result: Mapping[str, Any], anywhere: bool) -> tuple[str, str]:
    scope = ANYWHERE if anywhere else str(result["upload"])
    return partition_of(int(result["size"])), release_id(str(result["sha256"]), scope)
