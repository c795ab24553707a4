"""Reads a stack's Lambda functions, and their asynchronous invocation, from its resources. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.aws.resources import (
    Resource,
    UnsupportedResourceError,
    filter_by_type,
    format_scalar,
    parse_function_name,
)


@dataclass(frozen=True)
class Function:
    """A function. `timeout` is in seconds, `memory` in MB; `reserved` is its reserved concurrency, None without.

    `role` is the logical id of its role, which is its access key in the embedded AWS.
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    code: Path
    timeout: float
    memory: int
    environment: Mapping[str, str]
    reserved: int | None = None
    role: str = "function"


@dataclass(frozen=True)
class AsyncConfig:
    """Retries and destinations of a function's asynchronous invocations. Destinations are ARNs."""

    retries: int = 2
    maximum_age: float = 21600.0
    on_failure: str | None = None
    on_success: str | None = None


def read_functions(resources: list[Resource], code: Mapping[str, Path], region: str, account: str) -> list[Function]:
    """Return the functions; `code` has the folder of each by logical id. Raises UnsupportedResourceError."""
    roles = {r.physical_id: r.logical_id for r in filter_by_type(resources, "IAM::Role")}
    return [
        _read_function(r, roles[r.properties["Role"].rpartition("/")[2]], code, region, account)
        for r in filter_by_type(resources, "Lambda::Function")
    ]


def _read_function(resource: Resource, role: str, code: Mapping[str, Path], region: str, account: str) -> Function:
    given = resource.properties
    reserved = given.get("ReservedConcurrentExecutions")
    for feature in ("Layers", "DeadLetterConfig", "ImageConfig"):
        if given.get(feature):
            raise UnsupportedResourceError(f"{resource.logical_id}: the local runner does not support {feature}")
    name = str(resource.physical_id)
    return Function(
        logical_id=resource.logical_id,
        name=name,
        arn=f"arn:aws:lambda:{region}:{account}:function:{name}",
        handler=given["Handler"],
        code=code[resource.logical_id],
        timeout=float(given.get("Timeout", 3)),
        memory=int(given.get("MemorySize", 128)),
        environment={k: format_scalar(v) for k, v in given.get("Environment", {}).get("Variables", {}).items()},
        reserved=None if reserved is None else int(reserved),
        role=role,
    )


def read_async_configs(resources: list[Resource]) -> dict[str, AsyncConfig]:
    """Return the configurations by function name. Raises UnsupportedResourceError."""
    return {
        parse_function_name(r.properties["FunctionName"]): _read_async_config(r)
        for r in filter_by_type(resources, "Lambda::EventInvokeConfig")
    }


def _read_async_config(resource: Resource) -> AsyncConfig:
    given = resource.properties
    destinations = {
        on: to["Destination"] for on, to in given.get("DestinationConfig", {}).items() if "Destination" in to
    }
    if not all(":sqs:" in arn for arn in destinations.values()):
        raise UnsupportedResourceError(f"{resource.logical_id}: the local runner supports only SQS destinations")
    return AsyncConfig(
        retries=int(given.get("MaximumRetryAttempts", 2)),
        maximum_age=float(given.get("MaximumEventAgeInSeconds", 21600)),
        on_failure=destinations.get("OnFailure"),
        on_success=destinations.get("OnSuccess"),
    )
