"""Keeps the state of every alarm, from the metrics of the running cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.console.alarms import ALARM, INSUFFICIENT_DATA, NOT_EVALUATED, Alarm, read_alarms
from local.console.metrics import QUEUES, VISIBLE_MESSAGES, FunctionCounts, MetricLog, MetricStore

# Returns a queue's visible messages, by its logical id.
CountMessages = Callable[[str], int]
CountInvocations = Callable[[], Mapping[str, Mapping[str, int]]]


class AlarmWatch:
    """The alarms of a template, and since when each is in its state. One thread refreshes it."""

    def __init__(
        self,
        template: Mapping[str, Any],
        logs: Path,
        count_invocations: CountInvocations,
        count_messages: CountMessages,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._alarms, self._now = read_alarms(template), now
        self._store = MetricStore()
        self._log, self._counts = MetricLog(self._store, logs, now()), FunctionCounts(self._store)
        self._count_invocations, self._count_messages = count_invocations, count_messages
        self._states = {one.name: NOT_EVALUATED if one.obstacle else INSUFFICIENT_DATA for one in self._alarms}
        # When each was last seen in ALARM.
        self._rung_at: dict[str, float] = {}

    def refresh(self) -> None:
        """Read the functions' metrics, and evaluate the alarms."""
        self._log.refresh()
        self._counts.record(self._count_invocations(), self._now())
        for alarm in self._alarms:
            state = alarm.next_state(self._store, self._now(), self._states[alarm.name])
            self._states[alarm.name] = state
            if state == ALARM:
                self._rung_at[alarm.name] = self._now()

    def sample_queues(self) -> None:
        """Count the messages of the queues that alarms watch."""
        for series in {query.series for one in self._alarms for query in one.queries.values()}:
            if (series.namespace, series.name) == (QUEUES, VISIBLE_MESSAGES):
                self._store.add(series, self._now(), self._count_messages(series.of))

    def describe(self) -> list[dict[str, Any]]:
        """Return the alarms for the page, in the template's order, which is that of their urgency."""
        return [self._describe(alarm) for alarm in self._alarms]

    def _describe(self, alarm: Alarm) -> dict[str, Any]:
        return {
            "name": alarm.name,
            "state": self._states[alarm.name],
            "description": alarm.description,
            "metrics": alarm.metric_names,
            "obstacle": alarm.obstacle,
            "rung_at": self._rung_at.get(alarm.name),
        }
