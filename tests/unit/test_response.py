"""match_api/response.py: what each answer of the service means."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome
from photodna_guard.match_api.response import MAX_QUOTA_SECONDS, MAX_THROTTLE_SECONDS, parse_response, parse_retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC).timestamp()


def answer(code: Any = 3000, is_match: Any = False, **more: Any) -> bytes:
    status = {"Code": code, "Description": "", "Exception": None}
    return json.dumps({"Status": status, "TrackingId": "T-1", "IsMatch": is_match, **more}).encode()


def kind(body: bytes, status: int = 200) -> MatchOutcome:
    return parse_response(status, None, body, NOW).kind


def test_only_3000_with_is_match_false_is_no_match() -> None:
    assert kind(answer(3000, False)) is MatchOutcome.NO_MATCH


@pytest.mark.parametrize("is_match", [None, "false", 0, [], "", {}, "true", 1])
def test_is_match_without_a_boolean_is_unknown(is_match: Any) -> None:
    assert kind(answer(3000, is_match)) is MatchOutcome.UNKNOWN


@pytest.mark.parametrize("code", [3001, 3004, 0, -1, True])
def test_undocumented_code_is_unknown(code: Any) -> None:
    assert kind(answer(code, False)) is MatchOutcome.UNKNOWN


@pytest.mark.parametrize("code", [None, "3000", 3000.5, [3000]])
def test_code_that_is_no_number_is_rejected(code: Any) -> None:
    assert kind(answer(code, False)) is MatchOutcome.REJECTED


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (3002, MatchOutcome.BAD_PARAMETER),
        (3206, MatchOutcome.NOT_AN_IMAGE),
        (3208, MatchOutcome.WRONG_SIZE),
        (3209, MatchOutcome.WRONG_SIZE),
    ],
)
def test_documented_code_has_its_outcome(code: int, meaning: MatchOutcome) -> None:
    assert kind(answer(code, False)) is meaning


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"3000", b"\xff\xfe", b"[" * 10**6],
)
def test_body_of_no_answer_is_unavailable(body: bytes) -> None:
    assert kind(body) is MatchOutcome.UNAVAILABLE


@pytest.mark.parametrize("body", [b'{"IsMatch": false}', b'{"Status": 3000}', b'{"message": "hello"}'])
def test_answer_without_a_status_is_rejected(body: bytes) -> None:
    assert kind(body) is MatchOutcome.REJECTED


def test_truncated_answer_is_unavailable() -> None:
    whole = answer(3000, False)
    assert {kind(whole[:n]) for n in range(len(whole))} == {MatchOutcome.UNAVAILABLE}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_server_error_is_unavailable_whatever_the_body(status: int) -> None:
    assert kind(answer(3000, False), status) is MatchOutcome.UNAVAILABLE


def test_outcomes_of_the_gateway_did_not_reach_the_service() -> None:
    assert {kind for kind in MatchOutcome if not kind.reached_service} == {
        MatchOutcome.UNAVAILABLE,
        MatchOutcome.THROTTLED,
        MatchOutcome.UNAUTHORIZED,
        MatchOutcome.REJECTED,
    }


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 402, 404, 405, 408, 410, 413, 421])
def test_another_http_status_is_rejected_whatever_the_body(status: int) -> None:
    assert kind(answer(3000, False), status) is MatchOutcome.REJECTED


@pytest.mark.parametrize("retry_after", [None, "", "soon"])
def test_403_is_a_used_up_quota_only_with_a_time(retry_after: str | None) -> None:
    assert parse_response(403, retry_after, b"", NOW).kind is MatchOutcome.REJECTED


def test_refusals_of_the_gateway_are_distinguished() -> None:
    assert kind(b"", 401) is MatchOutcome.UNAUTHORIZED
    assert parse_response(429, "7", b"", NOW).retry_after == 7
    assert parse_response(403, "3600", b"", NOW).kind is MatchOutcome.THROTTLED


def test_match_keeps_every_source() -> None:
    details = {
        "AdvancedInfo": [],
        "MatchFlags": [
            {
                "Source": "Test",
                "AdvancedInfo": [{"Key": "MatchId", "Value": "7"}],
                "Violations": ["A1"],
                "MatchDistance": 3,
            },
            {"Source": "Other"},
        ],
    }
    verdict = parse_response(200, None, answer(3000, True, MatchDetails=details), NOW)
    assert verdict.flags == (MatchFlag("Test", "7", ("A1",), 3), MatchFlag("Other"))
    assert verdict.tracking_id == "T-1"
    assert not verdict.is_test


@pytest.mark.parametrize("details", [None, [], {}, {"MatchFlags": None}, {"MatchFlags": "Test"}])
def test_match_without_details_is_no_test(details: Any) -> None:
    verdict = parse_response(200, None, answer(3000, True, MatchDetails=details), NOW)
    assert verdict.kind is MatchOutcome.MATCH
    assert not verdict.is_test


def test_match_with_an_unreadable_flag_is_no_test() -> None:
    details = {"MatchFlags": [{"Source": "Test"}, "rubbish"]}
    assert not parse_response(200, None, answer(3000, True, MatchDetails=details), NOW).is_test


def test_match_of_the_test_source_alone_is_a_test() -> None:
    details = {"MatchFlags": [{"Source": "Test"}, {"Source": "Test"}]}
    assert parse_response(200, None, answer(3000, True, MatchDetails=details), NOW).is_test


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("5", 5.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("99999999999", MAX_QUOTA_SECONDS),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, wait: float | None) -> None:
    assert parse_retry_after(header, NOW) == wait


@given(st.integers(100, 599), st.text() | st.none(), st.binary())
def test_rubbish_is_never_clean_and_never_raises(status: int, header: str | None, body: bytes) -> None:
    assert parse_response(status, header, body, NOW).kind is not MatchOutcome.NO_MATCH


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("Status", "TrackingId", "IsMatch", "MatchDetails"), _JSON)))
def test_answer_of_any_shape_needs_3000_and_false(body: dict[str, Any]) -> None:
    verdict = parse_response(200, None, json.dumps(body).encode(), NOW)
    status = body.get("Status")
    promised = isinstance(status, dict) and status.get("Code") == 3000 and body.get("IsMatch") is False
    assert (verdict.kind is MatchOutcome.NO_MATCH) == promised


def test_match_with_huge_details_is_kept_within_bounds() -> None:
    """Otherwise the match could not be written, and the picture would stay."""
    huge = {"Source": "s" * 10**6, "AdvancedInfo": [{"Key": "MatchId", "Value": "v" * 10**6}], "MatchDistance": 10**50}
    flags = [huge | {"Violations": ["x" * 1000] * 1000}, *[{"Source": "Test"}] * 20_000]
    details = {"MatchFlags": flags}
    verdict = parse_response(200, None, answer(3000, True, MatchDetails=details), NOW)
    assert verdict.kind is MatchOutcome.MATCH
    assert len(repr(verdict.flags)) < 50_000
    assert verdict.flags[0].distance is None


def test_huge_retry_after_is_bounded() -> None:
    assert parse_response(429, "9999999", b"", NOW).retry_after == MAX_THROTTLE_SECONDS
    assert parse_response(403, "9999999", b"", NOW).retry_after == MAX_QUOTA_SECONDS
