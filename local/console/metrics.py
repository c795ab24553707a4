"""Keeps the metrics that the alarms watch: those that the functions log (EMF), and those that can be read here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

APPLICATION, QUEUES, FUNCTIONS = "PhotoDNAGuard", "AWS/SQS", "AWS/Lambda"
VISIBLE_MESSAGES, ERRORS = "ApproximateNumberOfMessagesVisible", "Errors"
# The metrics of AWS's own that this machine can measure.
MEASURED = frozenset({(QUEUES, VISIBLE_MESSAGES), (FUNCTIONS, ERRORS)})
# Longer than the longest window of an alarm that can be evaluated here; a test compares them.
KEPT_SECONDS = 3 * 3600
_EMF_MARK = '{"_aws"'


@dataclass(frozen=True)
class Series:
    """A metric. `of` is the logical id of its queue or function, and empty for the application's own metrics."""

    namespace: str
    name: str
    of: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether the embedded cloud has values of it."""
        return self.namespace == APPLICATION or (self.namespace, self.name) in MEASURED


class MetricStore:
    """The values of each series with their times, of the last two hours. Any thread may use it."""

    def __init__(self) -> None:
        self._points: defaultdict[Series, list[tuple[float, float]]] = defaultdict(list)
        self._lock = Lock()

    def add(self, series: Series, at: float, value: float) -> None:
        """Keep a value of a time in epoch seconds."""
        with self._lock:
            points = self._points[series]
            points.append((at, value))
            if points[0][0] < at - 2 * KEPT_SECONDS:
                self._points[series] = [point for point in points if point[0] >= at - KEPT_SECONDS]

    def values(self, series: Series, start: float, end: float) -> list[float]:
        """Return the values after `start`, up to and with `end`."""
        with self._lock:
            return [value for at, value in self._points.get(series, ()) if start < at <= end]


class FunctionCounts:
    """Turns the functions' counts since their start into the metric Errors, one value for each new invocation."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._seen: dict[str, tuple[int, int]] = {}

    def record(self, counts: Mapping[str, Mapping[str, int]], now: float) -> None:
        """Record what was counted since the last call. A run without an error counts as 0, as in Lambda."""
        for function, one in counts.items():
            invocations, errors = self._seen.get(function, (0, 0))
            if one["invocations"] > invocations:
                self._store.add(Series(FUNCTIONS, ERRORS, function), now, one["errors"] - errors)
            self._seen[function] = (one["invocations"], one["errors"])


class MetricLog:
    """Reads the metrics that functions write to the logs of a folder: those since `since`, in epoch seconds."""

    def __init__(self, store: MetricStore, folder: Path, since: float) -> None:
        self._store, self._folder, self._since = store, folder, since
        self._offsets: dict[Path, int] = {}

    def refresh(self) -> None:
        """Add the metrics of the lines that were written since the last call."""
        for path in self._folder.glob("*.log"):
            for line in self._read_new_lines(path):
                for series, at, value in parse_emf(line):
                    if at >= self._since:
                        self._store.add(series, at, value)

    def _read_new_lines(self, path: Path) -> Iterable[str]:
        with path.open("rb") as log:
            log.seek(self._offsets.get(path, 0))
            # A line without its end is still being written, and is read again.
            whole, end, _ = log.read().rpartition(b"\n")
        self._offsets[path] = self._offsets.get(path, 0) + len(whole) + len(end)
        return whole.decode("utf-8", "replace").splitlines()


def parse_emf(line: str) -> Iterator[tuple[Series, float, float]]:
    """Yield each metric's values of a line in CloudWatch's embedded metric format; nothing for any other line.

    A container's log has something before it.
    """
    found = line.find(_EMF_MARK)
    try:
        document: dict[str, Any] = json.loads(line[found:]) if found >= 0 else {}
    except ValueError:
        return
    metadata = document.get("_aws", {})
    for directive in metadata.get("CloudWatchMetrics", []):
        for metric in directive["Metrics"]:
            given = document[metric["Name"]]
            for value in given if isinstance(given, list) else [given]:
                yield Series(directive["Namespace"], metric["Name"]), metadata["Timestamp"] / 1000, float(value)
