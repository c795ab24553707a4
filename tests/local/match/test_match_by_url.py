"""The requests by URL: the emulator fetches the picture, and refuses what it cannot fetch."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.local.match.drawing import draw, encode
from tests.local.match.match_client import MatchClient, Origin

SECRET = "X-Amz-Signature=5ec7e7"


def read_status(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200
    status: dict[str, Any] = response.json()["Status"]
    return status


def test_picture_is_fetched_by_its_url(client: MatchClient, origin: Origin) -> None:
    client.emulator.add_to_test_list(encode(draw(1)))
    url = origin.put("/bucket/a%20b.png", encode(draw(1)))

    answer = client.by_url(f"{url}?versionId=v1&{SECRET}").json()

    assert answer["IsMatch"] is True
    assert origin.requested == [f"/bucket/a%20b.png?versionId=v1&{SECRET}"]


@pytest.mark.parametrize("http_status", [302, 403, 404, 500])
def test_origin_status_other_than_200_is_an_invalid_parameter(
    client: MatchClient, origin: Origin, http_status: int
) -> None:
    origin.put("/moved", encode(draw(1)))

    answer = client.by_url(origin.put("/b/k", encode(draw(1)), http_status))

    assert read_status(answer)["Code"] == 3002
    assert origin.requested == ["/b/k"]


def test_incomplete_body_of_the_origin_is_an_invalid_parameter(client: MatchClient, origin: Origin) -> None:
    assert read_status(client.by_url(origin.put("/broken-off", encode(draw(1)))))["Code"] == 3002


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/b/k",
        "ftp://127.0.0.1/b/k",
        "file:///etc/hosts",
        "/b/k",
        "http://127.0.0.1:nine/b/k",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\u00e9",
        "http://[/b/k",
    ],
)
def test_unfetchable_url_is_an_invalid_parameter_and_not_in_the_answer(client: MatchClient, url: str) -> None:
    answer = client.by_url(f"{url}?{SECRET}")

    assert read_status(answer)["Code"] == 3002
    assert SECRET not in answer.text


@pytest.mark.parametrize("host", ["pictures.invalid", "169.254.169.254", "[fe80::1]", "127.0.0.1.invalid"])
def test_url_of_another_host_is_not_fetched(client: MatchClient, host: str) -> None:
    answer = read_status(client.by_url(f"http://{host}/b/k"))

    assert answer["Code"] == 3002
    assert "neither this machine nor given with --allow-host" in answer["Exception"]


def test_url_of_an_allowed_host_is_fetched(start_emulator: Callable[..., Any]) -> None:
    with start_emulator(10, options=["--allow-host", "pictures.invalid"]) as client:
        why = read_status(client.by_url("http://pictures.invalid/b/k"))["Exception"]

    assert why == "The URL could not be fetched: gaierror"


def test_fetched_picture_over_4_mb_is_refused_by_its_size(client: MatchClient, origin: Origin) -> None:
    picture = encode(draw(1), "JPEG")
    largest = picture + bytes(4 * 1024 * 1024 - len(picture))

    assert read_status(client.by_url(origin.put("/b/k", largest)))["Code"] == 3000
    assert read_status(client.by_url(origin.put("/b/k", largest + b"\0")))["Code"] == 3208
