"""The parsing of a Match request."""

import json

import pytest

from local.match.match_request import MatchRequest, parse_match_request

TARGET = "/photodna/v1.0/Match"


def by_url(url: str) -> MatchRequest:
    return parse_match_request(
        TARGET, "application/json", None, json.dumps({"DataRepresentation": "URL", "Value": url}).encode()
    )


def test_object_path_is_decoded_once_and_has_no_query() -> None:
    request = by_url("http://127.0.0.1:9/bucket/a%20b%2Bc%2520/%C3%A9.png?versionId=v%2F1&X-Amz-Signature=SECRET")

    assert request.object_path == "bucket/a b+c%20/é.png"
    assert request.version_id == "v/1"


def test_url_without_a_version_has_none() -> None:
    assert by_url("http://127.0.0.1:9/bucket/key").version_id is None


def test_malformed_url_is_parsed_for_the_log() -> None:
    request = by_url("http://[/bucket/key")

    assert (request.by, request.object_path, request.version_id, request.fault) == ("url", "", None, None)


def test_content_type_with_a_charset_is_accepted() -> None:
    body = b'{"DataRepresentation": "URL", "Value": "http://127.0.0.1/b/k"}'

    assert parse_match_request(TARGET, "Application/JSON; charset=utf-8", None, body).by == "url"


@pytest.mark.parametrize(("query", "enhance"), [("", False), ("?enhance=true", True), ("?enhance=False", False)])
def test_enhance_is_off_by_default(query: str, enhance: bool) -> None:
    request = parse_match_request(TARGET + query, "image/png", None, b"picture")

    assert (request.enhance, request.fault) == (enhance, None)


@pytest.mark.parametrize(
    ("query", "content_type", "evaluation", "body"),
    [
        ("", "application/json", None, b"{"),
        ("", "application/json", None, b"\xff"),
        ("", "application/json", None, b"[" * 100_000),
        ("", "application/json", None, b"[]"),
        ("", "application/json", None, b'{"Value": "http://127.0.0.1/"}'),
        ("", "application/json", None, b'{"DataRepresentation": "Inline", "Value": "http://127.0.0.1/"}'),
        ("", "application/json", None, b'{"DataRepresentation": "URL"}'),
        ("", "application/json", None, b'{"DataRepresentation": "URL", "Value": ""}'),
        ("", "application/json", None, b'{"DataRepresentation": "URL", "Value": 7}'),
        ("", "", None, b"picture"),
        ("", "image/webp", None, b"picture"),
        ("", "image/png", None, b""),
        ("?enhance=perhaps", "image/png", None, b"picture"),
        ("", "image/png", "sometimes", b"picture"),
    ],
)
def test_faulty_request_is_parsed_with_its_fault(
    query: str, content_type: str, evaluation: str | None, body: bytes
) -> None:
    assert parse_match_request(TARGET + query, content_type, evaluation, body).fault
