"""What a bucket was before the guard came, who put it there, and when: an item of the operations table."""

from typing import Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.buckets.facts import BucketFacts
from ops.guardctl.buckets.policy import Statement, sids_of, take_out
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.domain.timestamps import to_iso

PARTITION = "bucket"
ADDED, REMOVED = "added", "removed"
Item = dict[str, Any]


class BucketRecords:
    """The records of a stack. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._table = OperatedTable(target.client("dynamodb"), target.stack.output("OperationsTableName"))
        self._who, self._now = target.who, target.now

    def list_all(self) -> list[Item]:
        """Return all records by the buckets' names."""
        return list(self._table.query("partition", PARTITION, is_consistent=True))

    def find(self, bucket: str) -> Item:
        """Return the record of a bucket; empty if there is none."""
        return next((item for item in self.list_all() if item["id"] == bucket), {})

    def add(self, facts: BucketFacts, statements: list[Statement], gate: str, reason: str) -> None:
        """Record a bucket before it is changed. What it was before the first change is kept whatever comes later."""
        before = self.find(facts.name)
        now, sids = to_iso(self._now()), sids_of(statements)
        if is_added(before):
            later = {"changed_at": now, "changed_by": self._who, "gate": gate}
            self._put(before | later | {"sids": sorted({*before["sids"], *sids})}, before)
            return
        # Of statements that somebody put there by hand, `remove` is to leave none.
        policy = take_out(facts.policy, sids)
        item: Item = {
            "partition": PARTITION,
            "id": facts.name,
            "state": ADDED,
            "gate": gate,
            "sids": sids,
            "versions_before": facts.versions,
            "event_bridge_before": facts.has_event_bridge,
            "added_at": now,
            "changed_at": now,
            "by": self._who,
            "reason": reason,
        }
        self._put(item | ({"policy_before": policy} if policy else {}), before)

    def remove(self, before: Item, reason: str) -> None:
        """Record that the guard is gone from a bucket."""
        now = to_iso(self._now())
        removed = {"removed_at": now, "removed_by": self._who, "removal": reason, "changed_at": now}
        self._put(before | removed | {"state": REMOVED}, before)

    def _put(self, item: Item, before: Item) -> None:
        try:
            if before:
                seen = {":state": before["state"], ":at": before["changed_at"]}
                self._table.put(item, "#state = :state AND changed_at = :at", seen, {"#state": "state"})
            else:
                self._table.put(item, "attribute_not_exists(id)")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            # The first write arrived, its answer was lost, and botocore repeated it.
            if self.find(item["id"]) != item:
                raise CannotProceedError(
                    f"Somebody else works on {item['id']}. See guardctl bucket list, and give the command again"
                ) from None


def is_added(record: Item) -> bool:
    """Return whether the guard was put in front of a bucket, and not removed since."""
    return record.get("state") == ADDED
