"""The plan of injected failures: read from JSON, one item used by each accepted request (pure).

A request uses the first item of the plan that applies to it. The kinds are `ok` (answer properly), `status` (an
answer with `code`), `http` (an HTTP error `status`, optionally with `retry_after` seconds), `body` (200 with
`json` as its body), `not_json` (200 with an HTML page), `drop` (close the connection without an answer),
`truncated` (half an answer) and `hang` (answer properly after `seconds`). An item applies to one request, with
`count` to that many, with `forever` to all; with `object_contains` only to those whose `bucket/key` contains it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final


def is_seconds(value: Any) -> bool:
    """Tell whether a JSON value is a finite number of seconds, 0 or more."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_http_status(value: Any) -> bool:
    return _is_whole(value) and 200 <= value <= 599


Check = Callable[[Any], bool]
REQUIRED: Final[dict[str, dict[str, Check]]] = {
    "ok": {},
    "status": {"code": _is_whole},
    "http": {"status": _is_http_status},
    "body": {"json": lambda _: True},
    "not_json": {},
    "drop": {},
    "truncated": {},
    "hang": {"seconds": is_seconds},
}
OPTIONAL: Final[dict[str, Check]] = {
    "count": lambda value: _is_whole(value) and value >= 1,
    "forever": lambda value: isinstance(value, bool),
    "object_contains": lambda value: value is None or isinstance(value, str),
    "retry_after": lambda value: value is None or _is_whole(value),
}


@dataclass
class Failure:
    """One item of the plan. It applies to `remaining` more requests."""

    kind: str
    remaining: float
    object_contains: str
    details: dict[str, Any]


class FailurePlan:
    """The failures to inject, in order. Safe for threads."""

    def __init__(self, failures: list[Failure] | None = None) -> None:
        self._failures = failures or []
        self._lock = Lock()

    def take(self, object_path: str | None) -> Failure | None:
        """Use up and return the failure for a request for that object, or None if none is planned."""
        with self._lock:
            for failure in self._failures:
                if failure.remaining > 0 and failure.object_contains in (object_path or ""):
                    failure.remaining -= 1
                    return failure
        return None


def read_plan(items: Any) -> FailurePlan:
    """Read a plan from JSON. Raises ValueError, which names the faulty item and its fault."""
    if not isinstance(items, list):
        raise ValueError("failures must be a list")
    return FailurePlan([_read_failure(number, item) for number, item in enumerate(items)])


def _read_failure(number: int, item: Any) -> Failure:
    if not isinstance(item, dict) or item.get("kind") not in REQUIRED:
        raise ValueError(f"failures[{number}]: kind must be one of {', '.join(REQUIRED)}")
    kind = item["kind"]
    details = {name: value for name, value in item.items() if name != "kind"}
    _check(f"failures[{number}]: {kind}", details, REQUIRED[kind])
    remaining = float("inf") if details.get("forever") else details.get("count", 1)
    return Failure(kind, remaining, details.get("object_contains") or "", details)


def _check(what: str, details: dict[str, Any], required: dict[str, Check]) -> None:
    missing = sorted(required.keys() - details.keys())
    if missing:
        raise ValueError(f"{what} needs {', '.join(missing)}")
    checks = OPTIONAL | required
    for name, value in details.items():
        if name not in checks:
            raise ValueError(f"{what} knows no {name}")
        if not checks[name](value):
            raise ValueError(f"{what}: {name} cannot be {value!r}")
