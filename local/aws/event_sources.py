"""Reads the queues and schedules that invoke a stack's functions from its resources. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.aws.resources import (
    Resource,
    UnsupportedResourceError,
    filter_by_type,
    format_scalar,
    parse_function_name,
)

_UNIT_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


@dataclass(frozen=True)
class QueueSource:
    """A queue whose messages a function receives in batches. `window` is in seconds.

    `partial` says that the function reports the messages of a batch that failed.
    """

    function: str
    queue_arn: str
    batch_size: int
    window: float
    concurrency: int
    partial: bool


@dataclass(frozen=True)
class Schedule:
    """A rule that invokes a function every `seconds`."""

    function: str
    rule_arn: str
    seconds: float
    payload: str | None


def read_queue_sources(resources: list[Resource]) -> list[QueueSource]:
    """Return the enabled event source mappings. Raises UnsupportedResourceError for one that is no queue's."""
    return [
        QueueSource(
            function=parse_function_name(r.properties["FunctionName"]),
            queue_arn=r.properties["EventSourceArn"],
            batch_size=int(r.properties.get("BatchSize", 10)),
            window=float(r.properties.get("MaximumBatchingWindowInSeconds", 0)),
            concurrency=int(r.properties.get("ScalingConfig", {}).get("MaximumConcurrency", 1000)),
            partial="ReportBatchItemFailures" in r.properties.get("FunctionResponseTypes", []),
        )
        for r in filter_by_type(resources, "Lambda::EventSourceMapping")
        if _is_enabled(r)
    ]


def _is_enabled(mapping: Resource) -> bool:
    if ":sqs:" not in mapping.properties["EventSourceArn"]:
        raise UnsupportedResourceError(f"{mapping.logical_id}: the local runner polls only SQS queues")
    return format_scalar(mapping.properties.get("Enabled", True)) == "true"


def read_schedules(resources: list[Resource], region: str, account: str) -> list[Schedule]:
    """Return the enabled rules with a rate. Raises UnsupportedResourceError for a cron expression."""
    return [
        Schedule(
            function=parse_function_name(target["Arn"]),
            rule_arn=f"arn:aws:events:{region}:{account}:rule/{rule.physical_id}",
            seconds=_parse_rate(rule),
            payload=target.get("Input"),
        )
        for rule in filter_by_type(resources, "Events::Rule")
        if "ScheduleExpression" in rule.properties and rule.properties.get("State") != "DISABLED"
        for target in rule.properties.get("Targets", [])
        if ":lambda:" in target["Arn"]
    ]


def _parse_rate(rule: Resource) -> float:
    expression = rule.properties["ScheduleExpression"]
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if found is None:
        raise UnsupportedResourceError(f"{rule.logical_id}: the local runner supports rate(...), not {expression}")
    return int(found[1]) * _UNIT_SECONDS[found[2]]
