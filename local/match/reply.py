"""One HTTP answer, or what the emulator does instead of giving it."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Reply:
    """`ends`: "whole", "truncated" (the connection closes after half of the body) or "drop" (before it)."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ends: Literal["whole", "truncated", "drop"] = "whole"


def json_reply(status: int, value: Any, retry_after: int | None = None) -> Reply:
    """`value` as JSON, with a Retry-After in seconds where one is given."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Reply(status, json.dumps(value).encode(), headers)
