"""How many matches may be deleted in an hour: one item beside the shared rate's, which every worker moves.

A matcher that goes wrong would have everything deleted. When more matches come in an hour than the bound allows, all
deleting stops until an operator takes `tripped_at` away (docs/runbook.md).
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.errors import AwaitingOperatorError, DeferrableError
from photodna_guard.domain.models import Upload

WINDOW_SECONDS = 3600
_ITEM = {"limiter": "quarantines"}
_CONTENTION = 10  # refused writes after which somebody else may try


class DeletionLimit:
    """The bound. Its methods raise Busy and TryAgain."""

    def __init__(self, table: Table, most: int, now: Callable[[], float] = time.time) -> None:
        """`most`: matches an hour."""
        self._table, self._most, self._now = table, most, now
        self._item: dict[str, Any] = {}

    def acquire(self, upload: Upload) -> None:
        """Counts a match that is about to be deleted; once, however often it is tried. Raises Withheld."""
        name, now = hashlib.sha256(f"{upload.id}#{upload.version}".encode()).hexdigest()[:16], int(self._now())
        for _ in range(_CONTENTION):
            recent = {each: at for each, at in self._item.get("recent", {}).items() if at > now - WINDOW_SECONDS}
            full = name not in recent and len(recent) >= self._most
            try:
                self._item = self._write("tripped_at", now) if full else self._write("recent", {name: now} | recent)
            except ConditionFailedError as refused:  # what was known of it is old
                self._item = refused.item
                full = "tripped_at" in self._item
                if not full:
                    continue
            if full:
                raise AwaitingOperatorError(f"more than {self._most} matches in an hour")
            return
        raise DeferrableError("many matches at once", until=now + 1)

    @property
    def is_tripped(self) -> bool:
        """Whether all deleting has stopped, until an operator lets it go on."""
        return "tripped_at" in self._table.read(_ITEM)

    def _write(self, attribute: str, value: object) -> dict[str, Any]:
        """Changes what is known, unless it has changed meanwhile. Raises Refused."""
        known = self._item.get("revision")
        unchanged = "attribute_not_exists(revision)" if known is None else "revision = :known"
        values = {":value": value, ":revision": (known or 0) + 1} | ({} if known is None else {":known": known})
        return self._table.update(
            _ITEM,
            "SET #attribute = :value, revision = :revision",
            f"{unchanged} AND attribute_not_exists(tripped_at)",
            values,
            {"#attribute": attribute},
        )
