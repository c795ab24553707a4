"""Reads the parts of an answer that the tests compare."""

from typing import Any


def read_code(response: Any) -> int:
    assert response.status_code == 200
    return int(response.json()["Status"]["Code"])


def read_flags(response: Any) -> list[dict[str, Any]]:
    assert read_code(response) == 3000
    found: list[dict[str, Any]] = response.json()["MatchDetails"]["MatchFlags"]
    assert response.json()["IsMatch"] == bool(found)
    return found
