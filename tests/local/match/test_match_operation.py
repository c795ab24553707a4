"""The answers of the Match operation to one request, and the log of requests."""

import time
from typing import Any

import pytest
import requests

from tests.local.match.drawing import draw, encode
from tests.local.match.match_client import KEY, MatchClient, Origin

SECRET = "X-Amz-Signature=5ec7e7"


def read_status(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200
    status: dict[str, Any] = response.json()["Status"]
    return status


def test_every_answer_has_its_own_tracking_id(client: MatchClient) -> None:
    ids = {client.by_value(b"junk").json()["TrackingId"] for _ in range(5)}

    assert len(ids) == 5


@pytest.mark.parametrize("evaluation", ["always", "afterinitialquota"])
def test_requested_evaluation_is_in_the_answer(client: MatchClient, evaluation: str) -> None:
    answer = client.by_value(encode(draw(1)), headers={"Enable-Evaluation": evaluation}).json()

    assert answer["EvaluateResponse"]["Status"]["Code"] == 3000
    assert answer["EvaluateResponse"]["TrackingId"] == answer["TrackingId"]


def test_answer_without_a_requested_evaluation_has_none(client: MatchClient) -> None:
    assert client.by_value(encode(draw(1))).json()["EvaluateResponse"] is None


@pytest.mark.parametrize(
    "request_",
    [
        {"data": b"{", "headers": {"Content-Type": "application/json"}},
        {"json": {"DataRepresentation": "URL"}},
        {"json": {"DataRepresentation": "Inline", "Value": "x"}},
        {"data": b"picture", "headers": {"Content-Type": "image/webp"}},
        {"data": b"picture"},
        {"headers": {"Content-Type": "application/json"}},
    ],
)
def test_faulty_request_is_an_invalid_parameter(client: MatchClient, request_: dict[str, Any]) -> None:
    assert read_status(client.post(**request_))["Code"] == 3002


def test_log_holds_request_and_answer_but_no_secret(client: MatchClient, origin: Origin) -> None:
    url = origin.put("/bucket/a%20b%2B.png", encode(draw(1)))
    before = time.time()
    answer = client.by_url(
        f"{url}?versionId=v1&{SECRET}", query="?enhance=true", headers={"Enable-Evaluation": "always"}
    ).json()
    client.by_value(b"junk")
    client.by_value(b"junk", key="wrong")

    first, second, third = client.emulator.requests()

    assert before - 1 < first.pop("arrived_at") < time.time() + 1
    assert first.pop("arrived_monotonic") <= second["arrived_monotonic"]
    assert first == {
        "by": "url",
        "object": "bucket/a b+.png",
        "version_id": "v1",
        "enhance": True,
        "evaluation": "always",
        "failure": None,
        "http_status": 200,
        "status_code": 3000,
        "is_match": False,
        "tracking_id": answer["TrackingId"],
    }
    assert (second["by"], second["object"], second["status_code"]) == ("value", None, 3206)
    assert (third["http_status"], third["status_code"]) == (401, None)
    text = str(client.emulator.requests())
    assert SECRET not in text
    assert KEY not in text


def test_cleared_log_is_empty(client: MatchClient) -> None:
    client.by_value(b"junk")

    client.emulator.clear()

    assert client.emulator.requests() == []
    assert client.emulator.stats()["largest_window"] == 0
