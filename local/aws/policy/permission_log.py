"""The record of permissions that calls used, and of those that were refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """A permission that a principal lacks: a role (by its logical id), "user" or "anonymous"."""

    principal: str
    action: str
    resource: str
    reason: str


class PermissionLog:
    """Counts each permission in memory, and writes each once as a line of JSON. Safe for threads."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self._seen: dict[tuple[str, str, bool], dict[str, Any]] = {}

    def add(self, principal: str, action: str, refusal: Refusal | None = None) -> None:
        """Count a permission that was used, or refused if there is a refusal."""
        with self._lock:
            known = self._seen.get((principal, action, refusal is None))
            if known is not None:
                known["count"] += 1
                return
            details = {"resource": refusal.resource, "reason": refusal.reason} if refusal else {}
            line = {"principal": principal, "action": action, "allowed": refusal is None, "count": 1, **details}
            self._seen[principal, action, refusal is None] = line
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({k: v for k, v in line.items() if k != "count"}) + "\n")

    def as_json(self) -> list[dict[str, Any]]:
        """Return principal, action, allowed and count of each permission; with resource and reason if refused."""
        with self._lock:
            return [dict(line) for line in self._seen.values()]
