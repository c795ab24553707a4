"""Evaluates the alarms of template.yaml on this machine's metrics, as CloudWatch would (pure).

A difference: CloudWatch's periods begin at whole minutes, while these end now, so that a change shows at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from local.console.metric_math import evaluate
from local.console.metrics import APPLICATION, Series

OK, ALARM, INSUFFICIENT_DATA, NOT_EVALUATED = "OK", "ALARM", "INSUFFICIENT_DATA", "NOT_EVALUATED"
_TYPE = "AWS::CloudWatch::Alarm"
_SINGLE = "value"
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max, "Minimum": min}


class Values(Protocol):
    """What has the values of a series in a time."""

    def values(self, series: Series, start: float, end: float) -> list[float]:
        """Return the values after `start`, up to and with `end`."""


@dataclass(frozen=True)
class Query:
    """A metric of an alarm: its statistic over periods of `period` seconds."""

    series: Series
    statistic: str
    period: float


@dataclass(frozen=True)
class Alarm:
    """An alarm of the template. `expression` is metric math over the queries' names."""

    name: str
    description: str
    queries: Mapping[str, Query]
    expression: str
    periods: int
    needed: int
    threshold: float
    comparison: str
    missing: str
    # Why it cannot be evaluated here; empty where it can.
    obstacle: str = ""

    @property
    def period(self) -> float:
        """The length of a period in seconds."""
        return next(iter(self.queries.values())).period

    @property
    def metric_names(self) -> list[str]:
        """The names of the metrics that the alarm watches."""
        return [query.series.name for query in self.queries.values()]

    def next_state(self, store: Values, now: float, before: str) -> str:
        """Return the alarm's state now. Some alarms keep the one of before where there is no data."""
        if self.obstacle:
            return NOT_EVALUATED
        found = [self._value(store, now - self.period * index) for index in range(self.periods)]
        known = [value for value in found if value is not None]
        if not known and self.missing in ("missing", "ignore"):
            return INSUFFICIENT_DATA if self.missing == "missing" else before
        breaching = sum(_COMPARISONS[self.comparison](value, self.threshold) for value in known)
        breaching += len(found) - len(known) if self.missing == "breaching" else 0
        return ALARM if breaching >= self.needed else OK

    def _value(self, store: Values, end: float) -> float | None:
        values = {name: _aggregate(store, query, end) for name, query in self.queries.items()}
        return evaluate(self.expression, **values) if self.expression else values[_SINGLE]


def _aggregate(store: Values, query: Query, end: float) -> float | None:
    values = store.values(query.series, end - query.period, end)
    return float(_STATISTICS[query.statistic](values)) if values else None


def read_alarms(template: Mapping[str, Any]) -> list[Alarm]:
    """Return the alarms of a template in its order."""
    resources = template["Resources"]
    return [_read_alarm(name, one["Properties"]) for name, one in resources.items() if one["Type"] == _TYPE]


def _read_alarm(name: str, given: Mapping[str, Any]) -> Alarm:
    queries = dict(_read_queries(given))
    periods = int(given["EvaluationPeriods"])
    return Alarm(
        name=name,
        description=str(given.get("AlarmDescription", "")),
        queries=queries,
        expression=next((one["Expression"] for one in given.get("Metrics", []) if "Expression" in one), ""),
        periods=periods,
        needed=int(given.get("DatapointsToAlarm", periods)),
        threshold=0.0 if isinstance(given["Threshold"], Mapping) else float(given["Threshold"]),
        comparison=given["ComparisonOperator"],
        missing=given.get("TreatMissingData", "missing"),
        obstacle=_find_obstacle(given, queries),
    )


def _read_queries(given: Mapping[str, Any]) -> Iterator[tuple[str, Query]]:
    if "Metrics" not in given:
        yield _SINGLE, Query(_read_series(given), given["Statistic"], float(given["Period"]))
    for one in given.get("Metrics", []):
        if "MetricStat" in one:
            stat = one["MetricStat"]
            yield one["Id"], Query(_read_series(stat["Metric"]), stat["Stat"], float(stat["Period"]))


def _read_series(metric: Mapping[str, Any]) -> Series:
    of = "" if metric["Namespace"] == APPLICATION else _logical_id(metric["Dimensions"][0]["Value"])
    return Series(metric["Namespace"], metric["MetricName"], of)


def _logical_id(value: Any) -> str:
    """Return the resource to which a dimension refers: `!Ref Function`, `!GetAtt Queue.QueueName`."""
    if not isinstance(value, Mapping):
        return str(value)
    target = next(iter(value.values()))
    return str(target).partition(".")[0] if isinstance(target, str) else str(target[0])


def _find_obstacle(given: Mapping[str, Any], queries: Mapping[str, Query]) -> str:
    unknown = [query.series for query in queries.values() if not query.series.is_measured]
    if unknown:
        return f"the embedded cloud has no metric {unknown[0].name} of {unknown[0].namespace}"
    if isinstance(given["Threshold"], Mapping):
        return "its threshold depends on a parameter"
    if any(query.statistic not in _STATISTICS for query in queries.values()):
        return "its statistic is not calculated here"
    return ""
