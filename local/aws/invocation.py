"""The result of one invocation of a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class InvocationResult:
    """`payload` is what the handler returned, or the error as Lambda reports it."""

    request_id: str
    payload: Any
    failed: bool = False
    timed_out: bool = False
