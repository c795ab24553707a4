"""The deletion limit: at most so many matches an hour are deleted, counted for all workers in one DynamoDB item.

A faulty matcher would otherwise delete everything. When more matches come in an hour than the limit permits, all
deleting stops until an operator removes `tripped_at` (docs/runbook.md).
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.errors import AwaitingOperatorError, DeferrableError
from photodna_guard.domain.models import Upload

WINDOW_SECONDS = 3600
_ITEM_KEY = {"limiter": "quarantines"}
# After so many refused writes the match is deferred, so that other workers get their turn.
_MAX_WRITES = 10


class DeletionLimit:
    """The deletion limit. Methods raise DeferrableError or RetryableError."""

    def __init__(self, table: Table, max_per_hour: int, now: Callable[[], float] = time.time) -> None:
        self._table, self._max_per_hour, self._now = table, max_per_hour, now
        self._item: dict[str, Any] = {}

    def acquire(self, upload: Upload) -> None:
        """Count a match that is about to be deleted. Repeated calls for one version within the hour count once.

        Raises AwaitingOperatorError if the limit is reached.
        """
        match_id = hashlib.sha256(f"{upload.id}#{upload.version}".encode()).hexdigest()[:16]
        now = int(self._now())
        for _ in range(_MAX_WRITES):
            try:
                permitted = self._count(match_id, now)
            except ConditionFailedError as refused:
                # Another worker has written since. Its item is the base of the next write.
                self._item = refused.item
                if "tripped_at" not in self._item:
                    continue
                permitted = False
            if not permitted:
                raise AwaitingOperatorError(f"more than {self._max_per_hour} matches in an hour")
            return
        raise DeferrableError("many matches at once", until=now + 1)

    @property
    def is_tripped(self) -> bool:
        """Whether all deleting has stopped until an operator permits it again."""
        return "tripped_at" in self._table.read(_ITEM_KEY)

    def _count(self, match_id: str, now: int) -> bool:
        """Write the match into the window and return True, or trip the limit and return False."""
        recent = {each: at for each, at in self._item.get("recent", {}).items() if at > now - WINDOW_SECONDS}
        permitted = match_id in recent or len(recent) < self._max_per_hour
        self._item = self._write("recent", {match_id: now} | recent) if permitted else self._write("tripped_at", now)
        return permitted

    def _write(self, attribute: str, value: object) -> dict[str, Any]:
        """Set one attribute, if the item is unchanged since this worker last read it. Raises ConditionFailedError."""
        known = self._item.get("revision")
        # A counted revision would repeat after an operator's reset: a worker from before it could drop newer counts.
        #
        # The window has room for one match more:
        #
        # worker A   reads revision a ---- counts its match: revision b
        # worker B   reads revision a ---------------------------------- counts its match: refused, reads b, trips
        unchanged = "attribute_not_exists(revision)" if known is None else "revision = :known"
        values = {":value": value, ":revision": uuid4().hex} | ({} if known is None else {":known": known})
        return self._table.update(
            _ITEM_KEY,
            "SET #attribute = :value, revision = :revision",
            f"{unchanged} AND attribute_not_exists(tripped_at)",
            values,
            {"#attribute": attribute},
        )
