"""One HTTP reply, or the way in which the emulator breaks it off."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Reply:
    """An HTTP reply. `ends` is "whole", "truncated" (the connection closes after half the body) or "drop" (at once)."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ends: Literal["whole", "truncated", "drop"] = "whole"


def json_reply(status: int, value: Any, retry_after: int | None = None) -> Reply:
    """Return a reply with `value` as JSON. If `retry_after` is given, in seconds, it is sent as a header."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Reply(status, json.dumps(value).encode(), headers)
