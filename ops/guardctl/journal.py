"""The journal of what operators changed: who, when, what and why. An entry is written before the change is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target

_BEGUN, _DONE, _FAILED = "begun", "done", "failed"
# Months that `journal` looks back, each a partition.
_MONTHS = 24
_ALL = 10**9


class Journal:
    """The entries of a stack, in its operations table: a partition for each month."""

    def __init__(self, target: Target) -> None:
        table = target.stack.output("OperationsTableName")
        self._table = OperatedTable(target.client("dynamodb"), table)
        self._who, self._now = target.who, target.now

    @contextmanager
    def recording(self, action: str, reason: str, subject: str = "", **details: object) -> Iterator[dict[str, Any]]:
        """Record the change that the block makes. What the block adds to the yielded entry is recorded with it."""
        now = datetime.fromtimestamp(self._now(), UTC)
        entry: dict[str, Any] = {
            "partition": f"journal#{now:%Y-%m}",
            "id": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z#{uuid4().hex[:8]}",
            "action": action,
            "by": self._who,
            "reason": reason,
            "state": _BEGUN,
            **({"subject": subject} if subject else {}),
            **details,
        }
        self._table.put(entry)
        try:
            yield entry
        except BaseException:
            self._table.put(entry | {"state": _FAILED})
            raise
        self._table.put(entry | {"state": _DONE})

    def of_subject(self, subject: str) -> list[dict[str, Any]]:
        """Return all entries about one subject of the last two years, the oldest first."""
        return [entry for entry in reversed(self.newest(_ALL)) if entry.get("subject") == subject]

    def newest(self, count: int) -> list[dict[str, Any]]:
        """Return the newest entries, the newest first, of the last two years."""
        found: list[dict[str, Any]] = []
        now = datetime.fromtimestamp(self._now(), UTC)
        for month in range(now.year * 12 + now.month - 1, now.year * 12 + now.month - 1 - _MONTHS, -1):
            partition = f"journal#{month // 12:04d}-{month % 12 + 1:02d}"
            for entry in self._table.query("partition", partition, newest=True):
                found.append(entry)
                if len(found) == count:
                    return found
        return found


def entry_time(entry: dict[str, Any]) -> str:
    """Return when an entry was made, in whole seconds."""
    return f"{str(entry['id'])[:19]}Z"
