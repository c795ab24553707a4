"""The operations of services that speak REST, by method and path. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

_FUNCTION = r"/2015-03-31/functions/(?P<FunctionName>[^/]+)"
_OPERATIONS = {
    "lambda": (
        ("POST", re.compile(_FUNCTION + "/invocations"), "Invoke"),
        ("GET", re.compile(_FUNCTION + "/configuration"), "GetFunctionConfiguration"),
        ("GET", re.compile("/2015-03-31/event-source-mappings/(?P<UUID>[^/]+)"), "GetEventSourceMapping"),
        ("GET", re.compile("/2016-08-19/account-settings/?"), "GetAccountSettings"),
    )
}


def find_rest_operation(service: str, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation and the parameters in its path; None for one that is not listed."""
    for wanted, pattern, operation in _OPERATIONS.get(service, ()):
        if method == wanted and (found := pattern.fullmatch(path)):
            return operation, {name: unquote(value) for name, value in found.groupdict().items()}
    return None
