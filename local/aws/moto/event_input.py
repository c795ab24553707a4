"""What EventBridge sends to a rule's target: the input template, filled in with the values of an event. Pure.

Amazon EventBridge User Guide, "Transforming Amazon EventBridge target input": EventBridge does not escape the values
that it puts into a string of the template, and it sends nothing where the result is no JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_ESCAPED = re.compile(r"\\.", re.DOTALL)


class InvalidInputError(ValueError):
    """The filled template is no JSON. EventBridge counts the invocation as failed (INVALID_JSON)."""


def fill_in(template: str, values: Mapping[str, Any]) -> Any:
    """Return the JSON value that the template becomes. Raises InvalidInputError.

    Placeholders without a value remain: EventBridge would have refused the template when the rule was made.
    """
    filled, end, is_in_string = "", 0, False
    for placeholder in _PLACEHOLDER.finditer(template):
        before = template[end : placeholder.start()]
        # Only the template's own quotes begin and end a string, and not those of a value.
        is_in_string ^= _ESCAPED.sub("", before).count('"') % 2 == 1
        name, end = placeholder[1], placeholder.end()
        filled += before + (_as_text(values[name], is_in_string) if name in values else placeholder[0])
    try:
        return json.loads(filled + template[end:])
    except ValueError as error:
        raise InvalidInputError(f"{error}: {filled + template[end:]!r}") from error


def find_values(paths: Mapping[str, str], event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event's value for each path, such as $.detail.status. The value is None if the event has none."""
    return {name: _find(path, event) for name, path in paths.items()}


def _find(path: str, event: Any) -> Any:
    for name in path.removeprefix("$").split(".")[1:]:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def _as_text(value: Any, is_in_string: bool) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) and is_in_string else json.dumps(value)
