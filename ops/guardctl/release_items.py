"""The two items of a release in the operations table: each is written only upon what was read.

The operator role writes requests, and the break-glass role confirmations (photodna_guard/domain/releases.py).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.domain.releases import (
    AGREED,
    ReleaseState,
    confirmation_partition,
    join_release,
    request_partition,
)

# The partition with one pointer for each request, by its time. Requests are in partitions by size.
_POINTERS = "release-requests"
_CHANGED = "The release has changed meanwhile. Look at it (guardctl release --list), and give the command again"
Item = dict[str, Any]


class ReleaseItems:
    """The items of all releases. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._name = target.stack.output("OperationsTableName")
        self._table = OperatedTable(target.client("dynamodb"), self._name)

    def read(self, size: int, wanted: str) -> Item:
        """Return a release by the size of its object and its id, both items joined; empty if nobody asked for it."""
        request = self._find(request_partition(size), wanted)
        return join_release(request, self._find(confirmation_partition(size), wanted))

    def iter_newest(self) -> Iterator[Item]:
        """Yield all releases, those that were asked for last first, each once."""
        seen: set[str] = set()
        for pointer in self._table.query("partition", _POINTERS, newest=True):
            wanted = str(pointer["of_id"])
            if wanted not in seen:
                seen.add(wanted)
                yield from filter(None, [self.read(int(pointer["of_size"]), wanted)])

    def put_request(self, item: Item, before: Item) -> Item:
        """Write a request, or its withdrawal, in place of the release that was read."""
        if item["request_id"] != before.get("request_id"):
            # The pointer comes first: one that leads nowhere is not shown, and a release without one would be hidden.
            self._point_to(item)
        condition, unchanged = "attribute_not_exists(id)", dict[str, str]()
        if before:
            is_withdrawn = before["state"] == ReleaseState.WITHDRAWN
            was = ReleaseState.WITHDRAWN if is_withdrawn else ReleaseState.REQUESTED
            condition = "#state = :state AND request_id = :id"
            unchanged = {":state": was.value, ":id": before["request_id"]}
        self._put(self._table, item, condition, unchanged)
        return item

    def put_confirmation(self, before: Item, given: Mapping[str, str], client: Callable[[str], Any]) -> Item:
        """Write the confirmation of the release that was read, with what is new, and return the release.

        `client`: makes clients with the break-glass role. Raises CannotProceedError where it was withdrawn meanwhile.
        """
        size, wanted = int(before["size"]), str(before["id"])
        agreed = {
            name: before[name] for name in (*AGREED, "confirmed_by", "confirmed_at", "confirmation") if name in before
        }
        item = agreed | dict(given) | {"partition": confirmation_partition(size), "id": wanted}
        unchanged = {":id": before["request_id"]}
        if before["state"] == ReleaseState.REQUESTED:
            # The confirmation of an earlier request may stand there, and is void.
            condition = "attribute_not_exists(id) OR request_id <> :id"
        else:
            condition = "#state = :state AND request_id = :id"
            unchanged |= {":state": before["state"]}
        self._put(OperatedTable(client("dynamodb"), self._name), item, condition, unchanged)
        after = self.read(size, wanted)
        if after.get("state") != item["state"]:
            raise CannotProceedError(_CHANGED)
        return after

    def _point_to(self, item: Item) -> None:
        wanted = str(item["id"])
        pointer = {"partition": _POINTERS, "id": f"{item['requested_at']}#{wanted}", "of_size": int(item["size"])}
        self._table.put(pointer | {"of_id": wanted})

    def _find(self, partition: str, wanted: str) -> Item:
        items = self._table.query("partition", partition, is_consistent=True)
        return next((item for item in items if item["id"] == wanted), {})

    def _put(self, table: OperatedTable, item: Item, condition: str, values: Mapping[str, str]) -> None:
        try:
            table.put(item, condition, values, {"#state": "state"} if ":state" in values else None)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            # The first write arrived, its answer was lost, and botocore repeated it.
            if self._find(item["partition"], item["id"]) != item:
                raise CannotProceedError(_CHANGED) from None
