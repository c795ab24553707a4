"""Record the boto3 calls of a session, and repeat them under other names."""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

# The service, the operation and its parameters.
Call = tuple[str, str, dict[str, Any]]


@dataclass
class Recorder:
    """A session that records each call, and the time of the first response."""

    session: boto3.Session
    calls: list[Call] = field(default_factory=list)
    first_response_at: float = 0.0

    def __post_init__(self) -> None:
        self.session.events.register("provide-client-params.*.*", self._record_call)
        self.session.events.register("after-call.*.*", self._record_response)

    def _record_call(self, params: dict[str, Any], event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        self.calls.append((service.replace("eventbridge", "events"), operation, copy.deepcopy(params)))

    def _record_response(self, **_: Any) -> None:
        self.first_response_at = self.first_response_at or time.perf_counter()


def replay_calls(steps: list[tuple[Callable[..., Any], dict[str, Any]]], names: dict[str, str]) -> float:
    """Return the seconds of the same calls under other names. The copy's version is known once it is written."""
    versions = {
        step["VersionId"] for _, step in steps if "Retention" not in step and "VersionId" in step
    } - names.keys()
    unknown = [v for v in dict.fromkeys(step.get("VersionId") for _, step in steps) if v in versions]
    spent = 0.0
    for call, params in steps:
        given = rename_values(params, names)
        began = time.perf_counter()
        response = call(**given)
        if "Body" in response:
            response["Body"].read()
        spent += time.perf_counter() - began
        if call.__name__ == "put_object":
            names[str(unknown.pop(0))] = response["VersionId"]
    return spent


def rename_values(value: Any, names: Mapping[str, str]) -> Any:
    """Return the value with each name replaced in all strings that it holds."""
    if isinstance(value, str):
        for name, other in names.items():
            value = value.replace(name, other)
        return value
    if isinstance(value, dict):
        return {key: rename_values(each, names) for key, each in value.items()}
    return [rename_values(each, names) for each in value] if isinstance(value, list) else value
