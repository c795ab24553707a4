"""The control API under `/_emulator`, for tests. Its calls need no key, count against no rate and are not logged.

`GET requests?after=EPOCH_SECONDS`, `DELETE requests` (and the counters), `GET stats`, `PUT settings`,
`POST test-list?source=&match_id=&violations=A1,B2` with a picture as its body, `DELETE test-list`.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.match.answers import RefusalError
from local.match.failures import is_seconds, read_plan
from local.match.operation import MatchOperation
from local.match.rate_window import read_rate
from local.match.reply import Reply, json_reply

PREFIX = "/_emulator/"
VIOLATIONS = frozenset({"A1", "A2", "B1", "B2"})
SETTINGS = ("latency", "rate", "key", "quota_retry_after", "failures")


def handle_control_call(operation: MatchOperation, method: str, target: str, body: bytes) -> Reply:
    """Carry out one call. The reply to a faulty call is a 400 with `{"error": ...}`."""
    parts = urlsplit(target)
    try:
        match method, parts.path.removeprefix(PREFIX):
            case "GET", "requests":
                return json_reply(200, operation.gateway.requests(float(parse_qs(parts.query).get("after", ["0"])[0])))
            case "DELETE", "requests":
                operation.gateway.clear()
            case "GET", "stats":
                return json_reply(200, operation.gateway.stats())
            case "PUT", "settings":
                change_settings(operation, json.loads(body))
            case "POST", "test-list":
                return json_reply(200, _add_to_hash_list(operation, parse_qs(parts.query), body))
            case "DELETE", "test-list":
                operation.hash_list.clear()
            case _:
                return json_reply(404, {"error": f"no such call: {method} {parts.path}"})
    except (ValueError, RefusalError) as error:
        return json_reply(400, {"error": str(error)})
    return json_reply(200, {})


def change_settings(operation: MatchOperation, changes: Any) -> None:
    """Change the named settings, or none if one is faulty. Raises ValueError with every fault."""
    faults = _faults(changes)
    if faults:
        raise ValueError("; ".join(faults))
    plan = read_plan(changes["failures"]) if "failures" in changes else operation.plan
    gateway = operation.gateway
    operation.plan = plan
    operation.latency = changes.get("latency", operation.latency)
    gateway.rate = read_rate(changes.get("rate", gateway.rate))
    gateway.key = changes.get("key", gateway.key)
    gateway.quota_retry_after = changes.get("quota_retry_after", gateway.quota_retry_after)


def _faults(changes: Any) -> list[str]:
    if not isinstance(changes, dict):
        return ["settings must be an object"]
    faults = [f"no such setting: {name}; there are {', '.join(SETTINGS)}" for name in changes if name not in SETTINGS]
    if not is_seconds(changes.get("latency", 0)):
        faults.append("latency must be a number of seconds, 0 or more")
    try:
        read_rate(changes.get("rate", 1))
    except ValueError as error:
        faults.append(str(error))
    if not isinstance(changes.get("key", "key"), str) or not changes.get("key", "key"):
        faults.append("key must be a text that is not empty")
    if type(changes.get("quota_retry_after")) not in (int, type(None)):
        faults.append("quota_retry_after must be a whole number of seconds, or null")
    return faults


def _add_to_hash_list(operation: MatchOperation, query: dict[str, list[str]], picture: bytes) -> dict[str, Any]:
    violations = [one for one in query.get("violations", [""])[0].split(",") if one]
    if not VIOLATIONS.issuperset(violations):
        raise ValueError(f"violations must be of {', '.join(sorted(VIOLATIONS))}")
    match_id = query.get("match_id", [None])[0]
    entry = operation.add_to_hash_list(picture, query.get("source", ["Test"])[0], match_id, violations)
    return {"source": entry.source, "match_id": entry.match_id, "violations": list(entry.violations)}
