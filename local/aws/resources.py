"""The resources of a stack. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class UnsupportedResourceError(ValueError):
    """The template has a property that the runner does not support; the message names the resource."""


@dataclass(frozen=True)
class Resource:
    """A resource of the stack with resolved `properties`; `physical_id` is None if moto creates no such type."""

    logical_id: str
    type: str
    physical_id: str | None
    properties: Mapping[str, Any]


def filter_by_type(resources: Iterable[Resource], kind: str) -> Iterator[Resource]:
    """Yield the resources of a type, such as "IAM::Role"."""
    return (r for r in resources if r.type == f"AWS::{kind}")


def parse_function_name(reference: str) -> str:
    """Return the name in a function's ARN (with or without qualifier), or the name itself."""
    return reference.split(":")[6] if reference.startswith("arn:") else reference.split(":")[0]


def format_scalar(value: Any) -> str:
    """Return the string that CloudFormation makes of a value; moto makes numbers and booleans of some parameters."""
    return str(value).lower() if isinstance(value, bool) else str(value)
