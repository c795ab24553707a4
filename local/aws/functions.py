"""What the stack's resources say about functions and what invokes them: a resolved stack -> descriptions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_UNITS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


class UnsupportedResource(ValueError):
    """The template asks for something that the runner does not do; the message names the resource."""


@dataclass(frozen=True)
class Resource:
    """One resource of the stack: `properties` are resolved, `physical_id` is None where moto made nothing."""

    logical_id: str
    type: str
    physical_id: str | None
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """A function. `timeout` is in seconds, `memory` in MB; `environments` bounds its concurrent executions.

    `role` is its role's logical id, which is its access key here.
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    code: Path
    timeout: float
    memory: int
    environment: Mapping[str, str]
    environments: int
    role: str = "function"


@dataclass(frozen=True)
class AsyncConfig:
    """What becomes of asynchronous invocations that fail. Destinations are ARNs."""

    retries: int = 2
    maximum_age: float = 21600.0
    on_failure: str | None = None
    on_success: str | None = None


@dataclass(frozen=True)
class QueueSource:
    """A queue that a function works. `window` is in seconds; `partial`: it reports what failed of a batch."""

    function: str
    queue_arn: str
    batch_size: int
    window: float
    concurrency: int
    partial: bool


@dataclass(frozen=True)
class Schedule:
    """A function that is invoked every `seconds`."""

    function: str
    rule_arn: str
    seconds: float
    payload: str | None


def functions(
    resources: list[Resource], code: Mapping[str, Path], region: str, account: str, environments: int
) -> list[Function]:
    """The functions; `code` gives each one's folder by logical id.

    `environments` bounds the concurrent executions of those for which the template reserves none.
    """
    roles = {r.physical_id: r.logical_id for r in _of(resources, "IAM::Role")}
    given = (code, region, account, environments)
    return [
        _function(r, roles[r.properties["Role"].rpartition("/")[2]], *given) for r in _of(resources, "Lambda::Function")
    ]


def _function(
    resource: Resource, role: str, code: Mapping[str, Path], region: str, account: str, environments: int
) -> Function:
    given = resource.properties
    for feature in ("Layers", "DeadLetterConfig", "ImageConfig"):
        if given.get(feature):
            raise UnsupportedResource(f"{resource.logical_id}: the local runner does not know {feature}")
    name = str(resource.physical_id)
    return Function(
        logical_id=resource.logical_id,
        name=name,
        arn=f"arn:aws:lambda:{region}:{account}:function:{name}",
        handler=given["Handler"],
        code=code[resource.logical_id],
        timeout=float(given.get("Timeout", 3)),
        memory=int(given.get("MemorySize", 128)),
        environment={k: _as_string(v) for k, v in given.get("Environment", {}).get("Variables", {}).items()},
        environments=int(given.get("ReservedConcurrentExecutions", environments)),
        role=role,
    )


def async_configs(resources: list[Resource]) -> dict[str, AsyncConfig]:
    """By function name."""
    return {
        function_name(r.properties["FunctionName"]): _async_config(r)
        for r in _of(resources, "Lambda::EventInvokeConfig")
    }


def _async_config(resource: Resource) -> AsyncConfig:
    given = resource.properties
    destinations = {
        on: to["Destination"] for on, to in given.get("DestinationConfig", {}).items() if "Destination" in to
    }
    if not all(":sqs:" in arn for arn in destinations.values()):
        raise UnsupportedResource(f"{resource.logical_id}: the local runner only knows SQS destinations")
    return AsyncConfig(
        retries=int(given.get("MaximumRetryAttempts", 2)),
        maximum_age=float(given.get("MaximumEventAgeInSeconds", 21600)),
        on_failure=destinations.get("OnFailure"),
        on_success=destinations.get("OnSuccess"),
    )


def queue_sources(resources: list[Resource]) -> list[QueueSource]:
    return [
        QueueSource(
            function=function_name(r.properties["FunctionName"]),
            queue_arn=r.properties["EventSourceArn"],
            batch_size=int(r.properties.get("BatchSize", 10)),
            window=float(r.properties.get("MaximumBatchingWindowInSeconds", 0)),
            concurrency=int(r.properties.get("ScalingConfig", {}).get("MaximumConcurrency", 1000)),
            partial="ReportBatchItemFailures" in r.properties.get("FunctionResponseTypes", []),
        )
        for r in _of(resources, "Lambda::EventSourceMapping")
        if _enabled(r)
    ]


def _enabled(mapping: Resource) -> bool:
    if ":sqs:" not in mapping.properties["EventSourceArn"]:
        raise UnsupportedResource(f"{mapping.logical_id}: the local runner only polls SQS queues")
    return _as_string(mapping.properties.get("Enabled", True)) == "true"


def schedules(resources: list[Resource], region: str, account: str) -> list[Schedule]:
    """The rules that run by the clock. Only rates: a cron expression is refused."""
    return [
        Schedule(
            function=function_name(target["Arn"]),
            rule_arn=f"arn:aws:events:{region}:{account}:rule/{rule.physical_id}",
            seconds=_rate(rule),
            payload=target.get("Input"),
        )
        for rule in _of(resources, "Events::Rule")
        if "ScheduleExpression" in rule.properties and rule.properties.get("State") != "DISABLED"
        for target in rule.properties.get("Targets", [])
        if ":lambda:" in target["Arn"]
    ]


def _rate(rule: Resource) -> float:
    expression = rule.properties["ScheduleExpression"]
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if found is None:
        raise UnsupportedResource(f"{rule.logical_id}: the local runner knows rate(...), not {expression}")
    return int(found[1]) * _UNITS[found[2]]


def function_name(reference: str) -> str:
    """The name in an ARN (with or without qualifier), or the name itself."""
    return reference.split(":")[6] if reference.startswith("arn:") else reference.split(":")[0]


def _of(resources: list[Resource], kind: str) -> Iterator[Resource]:
    return (r for r in resources if r.type == f"AWS::{kind}")


def _as_string(value: Any) -> str:
    # CloudFormation hands every parameter over as a string; moto makes numbers and booleans of some.
    return str(value).lower() if isinstance(value, bool) else str(value)
