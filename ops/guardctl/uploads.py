"""The results of uploads, as operators name, read and acknowledge them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.formatting import quote_key
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target

# The values of `needs_attention`, the most urgent first.
ATTENTION = ("MATCHED", "QUARANTINED", "GONE", "FAILED", "UNTAGGED", "UNSCANNABLE")
# Matches of the service's own samples. They are listed when they are asked for, and need nobody.
TEST_MATCH = "TEST"
# The index `unsettled`: from then on the sweep sends what was decided, in case that no message does.
_DECIDED, _LOST_AFTER_SECONDS = "decided", 1800
_INDEX = "needs-attention"


def parse_uri(uri: str) -> tuple[str, str]:
    """Return the bucket and the key of s3://bucket/key. Raises CannotProceedError for anything else."""
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not (bucket and slash and key):
        raise CannotProceedError(f"{uri!r} names no upload. Give s3://BUCKET/KEY, in quotes where the key has spaces")
    return bucket, key


class Results:
    """The results table, as an operator uses it. Methods raise botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._table = OperatedTable(target.client("dynamodb"), target.stack.output("ResultsTableName"))

    def read_versions(self, uri: str) -> list[dict[str, Any]]:
        """Return the items of all versions of s3://bucket/key, the oldest first.

        Raises CannotProceedError where there is none.
        """
        bucket, key = parse_uri(uri)
        found = sorted(self._table.query("upload", f"{bucket}/{key}"), key=lambda item: str(item["received_at"]))
        if not found:
            raise CannotProceedError(
                f"There is no result of s3://{bucket}/{quote_key(key)}. Check bucket and key. Results of clean and "
                f"skipped uploads expire after CleanResultDays"
            )
        return found

    def read_version(self, uri: str, version: str | None) -> dict[str, Any]:
        """Return one version's item: the named one, or the only one. Raises CannotProceedError."""
        found = [item for item in self.read_versions(uri) if version in (None, item["version"])]
        if len(found) == 1:
            return found[0]
        if not found:
            raise CannotProceedError(f"{uri} has no version {version}. guardctl show lists its versions")
        raise CannotProceedError(f"{uri} has {len(found)} versions. Name one with --version; guardctl show lists them")

    def iter_attention(self, statuses: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the items that a person should look at, by status, the oldest first."""
        for status in statuses:
            yield from self._table.query("needs_attention", status, _INDEX)

    def first_of_attention(self, statuses: Sequence[str], count: int) -> list[dict[str, Any]]:
        """Return the first `count` items that a person should look at."""
        return list(islice(self.iter_attention(statuses), count))

    def count_attention(self, most: int) -> dict[str, int]:
        """Return how many items of each status need attention. Counting ends at about `most` of a status."""
        return {status: self._table.count("needs_attention", status, _INDEX, most) for status in ATTENTION}

    def acknowledge(self, item: dict[str, Any], by: str, at: str, reason: str) -> bool:
        """Take an item off the list. Return False where it has changed since it was read, and is left alone.

        A later event of the upload puts it on the list again.
        """
        values = {":seen": item["needs_attention"], ":by": {"by": by, "at": at, "reason": reason}}
        return self._update(item, "SET acknowledged = :by REMOVE needs_attention", values, "needs_attention = :seen")

    def read_quarantined(self, uri: str, version: str | None) -> dict[str, Any]:
        """Return the item of a match in quarantine: the named version, or the only one. Raises CannotProceedError."""
        items = [item for item in self.read_versions(uri) if version in (None, item["version"])]
        found = [item for item in items if item["status"] == "QUARANTINED"]
        if len(found) == 1:
            return found[0]
        if found:
            raise CannotProceedError(
                f"{uri} has {len(found)} versions in quarantine. Name one with --version; guardctl show lists them"
            )
        statuses = ", ".join(sorted({str(item["status"]) for item in items})) or f"no version {version}"
        raise CannotProceedError(f"{uri} is not in quarantine ({statuses}). Only a QUARANTINED match can be released")

    def mark_released(self, item: dict[str, Any], released: dict[str, object]) -> bool:
        """Note who released a match, and take it off the list. Its hash counts as known no more."""
        values: dict[str, object] = {":released": released, ":quarantined": "QUARANTINED"}
        expression, names = "SET released = :released REMOVE needs_attention", {"#status": "status"}
        return self._update(item, expression, values, "#status = :quarantined", names)

    def mark_withdrawn(self, item: dict[str, Any]) -> bool:
        """Undo that."""
        condition = "attribute_exists(released) AND #status = :quarantined"
        values: dict[str, object] = {
            ":quarantined": "QUARANTINED",
            ":list": "TEST" if item["is_test"] else "QUARANTINED",
        }
        return self._update(
            item, "REMOVE released SET needs_attention = :list", values, condition, {"#status": "status"}
        )

    def decide(self, item: dict[str, Any], decision: dict[str, Any], now: float) -> bool:
        """Write a decision, and take the item off the list. Return False where it has changed since it was read.

        The same write has the sweep find the item until a function has set the tag. `now`: epoch seconds.
        """
        lost_at = int(now) + _LOST_AFTER_SECONDS
        values = {":decision": decision, ":decided": _DECIDED, ":lost_at": lost_at, ":retry": "retry"}
        values |= {":status": item["status"], ":settled_at": item["settled_at"]}
        condition = "#status = :status AND settled_at = :settled_at AND attribute_not_exists(decision)"
        if seen := item.get("decision"):
            condition, values[":seen"] = condition.replace("attribute_not_exists(decision)", "decision = :seen"), seen
        # An event that is not published yet is still to be: such an item stays where the sweep finds it.
        waiting = ("unsettled = if_not_exists(unsettled, :decided), #queue = if_not_exists(#queue, :retry), "
                   "redeliver_at = if_not_exists(redeliver_at, :lost_at)")  # fmt: skip
        expression = f"SET decision = :decision, {waiting} REMOVE needs_attention, expires_at"
        return self._update(item, expression, values, condition, {"#status": "status", "#queue": "queue"})

    def _update(
        self,
        item: dict[str, Any],
        expression: str,
        values: dict[str, Any],
        condition: str,
        names: dict[str, str] | None = None,
    ) -> bool:
        key = {"upload": str(item["upload"]), "version": str(item["version"])}
        try:
            self._table.update(key, expression, values, condition, names)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True
