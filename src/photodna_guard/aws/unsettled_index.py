"""The results table's index `unsettled`, which the sweep reads."""

from collections.abc import Iterator
from typing import Any

from photodna_guard.aws.result_item import DECIDED, SHARD_COUNT, parse_received, parse_upload, shard_name
from photodna_guard.aws.results_table import HELD_FOR_OPERATOR, REDELIVER_AFTER_SECONDS
from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.models import UnsettledRecord, Upload

_INDEX, _PARTITION_KEY = "unsettled", "unsettled"
# sweep    reads an overdue record ------------------------------- redelivers: refused
# worker                              claims it: new redeliver_at
_UNCHANGED = "redeliver_at = :seen"


class UnsettledIndex:
    """The records that are not settled or not published. Methods raise DeferrableError or RetryableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find_oldest(self, queue: str) -> float | None:
        """Return when the oldest record of a queue was received (epoch seconds), by one item of each partition."""
        partitions = [shard_name(queue, shard) for shard in range(SHARD_COUNT)]
        oldest = [next(self._table.query(_INDEX, _PARTITION_KEY, partition, limit=1), None) for partition in partitions]
        return min((parse_received(item) for item in oldest if item), default=None)

    def iter_unsettled(self, queue: str, first: int = 0) -> Iterator[UnsettledRecord]:
        """Yield a queue's records but the held matches, oldest first within each partition.

        The retry queue's begin with what an operator decided. `first`: the number of the partition to begin with after
        it; the others follow in their order.
        """
        if queue == "retry":
            yield from self._iter_partition(DECIDED)
        for shard in range(SHARD_COUNT):
            yield from self._iter_partition(shard_name(queue, first + shard))

    def iter_held(self) -> Iterator[UnsettledRecord]:
        """Yield the matches that wait for the operator."""
        return self._iter_partition(HELD_FOR_OPERATOR)

    def claim(self, record: UnsettledRecord, now: int) -> Upload | None:
        """Return the upload to redeliver; None if a worker claimed the record since it was read.

        The next redelivery is due after as long again as the upload has waited, so that a backlog gets few duplicates.
        `now`: epoch seconds.
        """
        patience = max(REDELIVER_AFTER_SECONDS[record.queue], now - int(record.received))
        try:
            item = self._table.update(
                {"upload": record.upload, "version": record.version},
                "SET redeliver_at = :next",
                _UNCHANGED,
                {":next": now + patience, ":seen": record.overdue},
            )
        except ConditionFailedError:
            return None
        return parse_upload(item)

    def _iter_partition(self, partition: str) -> Iterator[UnsettledRecord]:
        return map(_parse_unsettled, self._table.query(_INDEX, _PARTITION_KEY, partition))


def _parse_unsettled(item: dict[str, Any]) -> UnsettledRecord:
    return UnsettledRecord(
        item["upload"], item["version"], item["queue"], _waiting_since(item), int(item["redeliver_at"])
    )


def _waiting_since(item: dict[str, Any]) -> float:
    """Return since when (epoch seconds) an item waits. One that was decided about may have been settled for months."""
    return float(item["redeliver_at"]) if item[_PARTITION_KEY] == DECIDED else parse_received(item)
