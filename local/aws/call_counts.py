"""Counts DynamoDB requests by table and operation, as the bill does: also those that a condition refused."""

from __future__ import annotations

import json
from collections import Counter
from threading import Lock
from typing import Any

_TARGET = "DynamoDB_20120810."


class CallCounts:
    """Safe for threads. Batches and transactions, which name several tables, are not counted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count_request(self, target: str, body: bytes) -> None:
        """Count a request by its X-Amz-Target header; a request to another service is ignored."""
        if not target.startswith(_TARGET):
            return
        table = json.loads(body).get("TableName")
        if isinstance(table, str):
            with self._lock:
                self._counts[table, target.removeprefix(_TARGET)] += 1

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts by table (its name, or its ARN if the caller gave that), then by operation."""
        counts: dict[str, Any] = {}
        with self._lock:
            for (table, operation), count in self._counts.items():
                counts.setdefault(table, {})[operation] = count
        return counts
