"""Reads settled results by time, reason or key: the partitions of an index, merged into one order.

Each partition is read in pages that are small at first and grow with what was taken from it. So the items that are read
and not needed are at most half of those that are needed, and a few of each partition.
"""

import heapq
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.tables import to_item, to_python
from ops.guardctl.target import Target
from photodna_guard.domain.models import Status
from photodna_guard.domain.result_index import SHARD_COUNT, partition_name, sort_key

SETTLED = tuple(status for status in Status if status.settled)
BY_TIME, BY_REASON, BY_KEY = "settled-by-time", "settled-by-reason", "settled-by-key"
_SORT_KEYS = {BY_TIME: "settled_at", BY_REASON: "reason_settled", BY_KEY: "settled_key"}
_THREADS = 16
_MOST_OF_A_PAGE = 500
# Above every character that a time, a reason or a key has.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Selection:
    """Which results: statuses, reason, from `since` to before `until` (ISO 8601, UTC), and how "bucket/key" begins."""

    statuses: Sequence[Status] = SETTLED
    reason: str = ""
    since: str = ""
    until: str = _LAST
    prefix: str = ""

    @property
    def index(self) -> str:
        """The index that holds them together."""
        return BY_KEY if self.prefix else BY_REASON if self.reason else BY_TIME

    @property
    def range(self) -> tuple[str, str]:
        """The first and the last sort key."""
        if self.index == BY_KEY:
            return sort_key(self.prefix), sort_key(self.prefix) + _LAST
        before = f"{self.reason}#" if self.reason else ""
        return before + (self.since or "0"), before + self.until

    def holds(self, item: dict[str, Any]) -> bool:
        """Return whether a result in the range is one of them."""
        is_in_time = self.since <= str(item["settled_at"]) < self.until
        is_meant = not self.reason or item.get("reason") == self.reason
        return is_in_time and is_meant and str(item["upload"]).startswith(self.prefix)


def partition_names(statuses: Sequence[Status]) -> list[str]:
    """Return the partitions of these statuses."""
    return [partition_name(status, number) for status in statuses for number in range(SHARD_COUNT)]


class SettledResults:
    """The settled results of a stack. Methods raise botocore's errors, and CannotProceedError without the index."""

    def __init__(self, target: Target) -> None:
        self._client, self._table = target.client("dynamodb"), target.stack.output("ResultsTableName")

    def iter_selected(self, selection: Selection, wanted: int) -> Iterator[dict[str, Any]]:
        """Yield the selected results: by key, or the newest first. `wanted`: how many will be taken, about."""
        is_newest_first = selection.index != BY_KEY
        names = partition_names(selection.statuses)
        first = max(1, wanted // (2 * len(names)))
        partitions = [_Partition(self, selection, name, is_newest_first, first) for name in names]
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(_Partition.read, partitions))
        sort_by = _SORT_KEYS[selection.index]
        merged = heapq.merge(*partitions, key=lambda item: str(item[sort_by]), reverse=is_newest_first)
        yield from filter(selection.holds, merged)

    def iter_partition(self, selection: Selection, name: str) -> Iterator[dict[str, Any]]:
        """Yield the selected results of one partition, in no order that matters."""
        partition = _Partition(self, selection, name, False, 0)
        return filter(selection.holds, partition)

    def count(self, selection: Selection, name: str, pages: int) -> tuple[int, bool]:
        """Count one partition of an index's range, and say whether all of it was counted within so many pages."""
        counted, start = 0, None
        for _ in range(pages):
            answer = self.query(selection, name, start, Select="COUNT")
            counted += int(answer["Count"])
            start = answer.get("LastEvaluatedKey")
            if not start:
                break
        return counted, not start

    def query(self, selection: Selection, name: str, start: Any, **options: Any) -> dict[str, Any]:
        """Return one answer of DynamoDB."""
        low, high = selection.range
        try:
            answer: dict[str, Any] = self._client.query(
                TableName=self._table,
                IndexName=selection.index,
                KeyConditionExpression="settled = :name AND #sort BETWEEN :low AND :high",
                ExpressionAttributeNames={"#sort": _SORT_KEYS[selection.index]},
                ExpressionAttributeValues=to_item({":name": name, ":low": low, ":high": high}),
                **(options | ({"ExclusiveStartKey": start} if start else {})),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException" and "index" in str(error):
                raise CannotProceedError(
                    f"The results table has no index {selection.index} yet. Deploy the stack with ResultIndexes=1, "
                    f"then with 2, then with 3 (docs/deploy.md)"
                ) from None
            raise
        return answer


@dataclass
class _Partition:
    """One partition's results in order, read as they are taken."""

    results: SettledResults
    selection: Selection
    name: str
    is_newest_first: bool
    # Items of the first page; 0 for pages as large as DynamoDB makes them.
    page: int
    _read: list[dict[str, Any]] = field(default_factory=list)
    _start: Any = None
    _is_read: bool = False

    def read(self) -> None:
        """Read the next page."""
        options: dict[str, Any] = {"Limit": self.page} if self.page else {}
        answer = self.results.query(
            self.selection, self.name, self._start, ScanIndexForward=not self.is_newest_first, **options
        )
        self._read = [to_python(item) for item in answer["Items"]]
        self._start = answer.get("LastEvaluatedKey")
        self._is_read = True

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return chain.from_iterable(self._pages())

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        taken = 0
        while True:
            if not self._is_read:
                self.read()
            yield self._read
            taken += len(self._read)
            self._is_read = False
            if not self._start:
                return
            if self.page:
                self.page = min(max(self.page, taken // 2), _MOST_OF_A_PAGE)
