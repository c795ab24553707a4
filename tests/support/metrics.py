"""The metrics that the application emits and those that an alarm watches, derived and not listed by hand."""

import inspect
import itertools
import logging
from collections.abc import Callable
from typing import Any, cast

from aws_lambda_powertools import Logger, Metrics

from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.domain.models import Status, Upload

SAMPLES: dict[Any, tuple[Any, ...]] = {
    Upload: (Upload("uploads", "key", "etag", "v1"),),
    Status: tuple(status for status in Status if status.settled),
    str: ("reason",),
    int: (1,),
    float: (1.0,),
    bool: (False, True),
}


class RecordingMetrics:
    """Keeps the names of metrics and writes none."""

    metric_set: tuple[()] = ()

    def __init__(self) -> None:
        self.names: set[str] = set()

    def add_metric(self, name: str, unit: object, value: float) -> None:
        self.names.add(name)


def emitted_metrics() -> set[str]:
    """Return each metric that any method of `Telemetry` emits, called with every combination of sample values."""
    metrics, silent = RecordingMetrics(), Logger(service="emitted-metrics", level=logging.CRITICAL)
    for is_backfill in (False, True):
        telemetry = Telemetry(silent, cast(Metrics, metrics), is_backfill=is_backfill)
        for name, method in inspect.getmembers(telemetry, inspect.ismethod):
            if name.startswith(("log_", "count_", "gauge_")):
                _call_with_samples(method)
    return metrics.names


def _call_with_samples(method: Callable[..., None]) -> None:
    kinds = [parameter.annotation for parameter in inspect.signature(method).parameters.values()]
    for values in itertools.product(*(SAMPLES[kind] for kind in kinds)):
        method(*values)


def own_metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each metric that an alarm watches, with its statistic and period: one, or those of its expression."""
    if "Metrics" not in alarm:
        names = ("Namespace", "MetricName", "Dimensions", "Period")
        return [{name: alarm[name] for name in names} | {"Stat": alarm["Statistic"]}]
    queries = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [query["Metric"] | {"Period": query["Period"], "Stat": query["Stat"]} for query in queries]
