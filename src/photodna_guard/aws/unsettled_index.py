"""What is on its way, from the results table's index `unsettled`: for the sweep."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from photodna_guard.aws.result_item import SHARDS, upload_of
from photodna_guard.aws.results_table import HELD_FOR_OPERATOR, REDELIVER_AFTER_SECONDS
from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.models import UnsettledRecord, Upload


class UnsettledIndex:
    """The index. Its methods raise Busy and TryAgain."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def iter_unsettled(self) -> Iterator[UnsettledRecord]:
        """All that waits, oldest first within each partition."""
        for shard in range(SHARDS):
            yield from map(_waiting, self._table.query("unsettled", "unsettled", f"{shard:x}"))

    def iter_held(self) -> Iterator[UnsettledRecord]:
        """The matches that are not moved until the operator says so."""
        yield from map(_waiting, self._table.query("unsettled", "unsettled", HELD_FOR_OPERATOR))

    def claim(self, record: UnsettledRecord, now: int) -> Upload | None:
        """The upload, to be sent again; None where somebody else has taken it up meanwhile.

        Next it is overdue after as long again as it has waited: a backlog gets few messages that it has already.
        """
        patience = max(REDELIVER_AFTER_SECONDS[record.queue], now - int(record.received))
        try:
            item = self._table.update(
                {"upload": record.upload, "version": record.version},
                "SET redeliver_at = :next",
                "redeliver_at = :seen",
                {":next": now + patience, ":seen": record.overdue},
            )
        except ConditionFailedError:
            return None
        return upload_of(item)


def _waiting(item: dict[str, Any]) -> UnsettledRecord:
    received = datetime.fromisoformat(item["received_at"]).timestamp()
    return UnsettledRecord(item["upload"], item["version"], item["queue"], received, int(item["redeliver_at"]))
