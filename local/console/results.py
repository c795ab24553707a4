"""Reads the results table again and again, for the lines of `make up` and for its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

UNSETTLED = frozenset({"PENDING", "DEFERRED"})
Result = dict[str, str]


class ResultsFeed:
    """The results as the last scan found them. One thread scans, and any thread may read."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb, self._pages, self._table = dynamodb, dynamodb.get_paginator("scan"), table
        self._results: dict[tuple[str, str], Result] = {}

    def refresh(self) -> list[Result]:
        """Scan the table, and return all results."""
        pages = self._pages.paginate(TableName=self._table)
        found = [_to_text(item) for page in pages for item in page["Items"]]
        self._results = {(one["upload"], one["version"]): one for one in found}
        return found

    def find(self, upload: str, version: str) -> Result | None:
        """Return the result of a version of `bucket/key` as the last scan found it; None where there was none."""
        return self._results.get((upload, version))

    def fetch(self, upload: str, version: str) -> Result | None:
        """Read the result of a version of `bucket/key` now; None where there is none yet."""
        key = {"upload": {"S": upload}, "version": {"S": version}}
        item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return _to_text(item) if item else None

    def recent(self, count: int) -> list[Result]:
        """Return the results of the uploads that were received last, the newest first."""
        return sorted(self._results.values(), key=lambda one: one["received_at"], reverse=True)[:count]

    def __len__(self) -> int:
        return len(self._results)


def measure_seconds(result: Result) -> float | None:
    """Return the seconds from the first claim to the result; None before there is one."""
    if "settled_at" not in result:
        return None
    settled, received = (datetime.fromisoformat(result[name]) for name in ("settled_at", "received_at"))
    return round((settled - received).total_seconds(), 2)


def _to_text(item: dict[str, Any]) -> Result:
    return {name: str(next(iter(value.values()))) for name, value in item.items()}
