"""The settings of the control API."""

from typing import Any

import pytest

from tests.local.match.match_client import MatchClient


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"speed": 1}, "no such setting: speed"),
        ({"rate": 0}, "rate must be"),
        ({"rate": 0.05}, "rate must be"),
        ({"latency": -1}, "latency must be"),
        ({"latency": "1"}, "latency must be"),
        ({"key": ""}, "key must be"),
        ({"quota_retry_after": "soon"}, "quota_retry_after must be"),
        ({"failures": [{"kind": "odd"}]}, "kind must be one of"),
        ({"rate": 0, "latency": None}, "latency must be .*; rate must be"),
    ],
)
def test_faulty_settings_are_refused_with_every_fault(client: MatchClient, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        client.emulator.settings(**changes)


def test_faulty_settings_change_nothing(client: MatchClient) -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        client.emulator.settings(key="another", failures=[{"kind": "odd"}])

    assert client.by_value(b"junk").status_code == 200


def test_settings_that_are_not_json_are_refused(client: MatchClient) -> None:
    answer = client.session.put(f"{client.emulator.control}/settings", data=b"{")

    assert answer.status_code == 400
    assert answer.json()["error"]
