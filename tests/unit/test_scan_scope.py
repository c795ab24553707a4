"""domain/scan_scope.py: the longest prefix decides, a writer is trusted by its unique id, and doubt means scanning."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.domain.models import Upload
from photodna_guard.domain.scan_scope import EVERYTHING, RuleKind, ScanScope, check_writer, parse_scope, split_prefix

ROLE = "AROAEXAMPLEROLE12345"


def upload(key: str, bucket: str = "photos", principal: str = "") -> Upload:
    return Upload(bucket, key, "e", "v", principal=principal)


def scope(*rules: tuple[str, str]) -> ScanScope:
    return parse_scope({"kind": RuleKind[kind].value, "subject": subject} for kind, subject in rules)


@pytest.mark.parametrize(
    ("key", "bucket", "reason"),
    [
        ("logs/a.jpg", "photos", "prefix-left-out"),
        ("logs/keep/a.jpg", "photos", ""),
        ("logs/keep/not/a.jpg", "photos", "prefix-left-out"),
        ("logs", "photos", ""),
        ("Logs/a.jpg", "photos", ""),
        ("/logs/a.jpg", "photos", ""),
        ("x/../logs/a.jpg", "photos", ""),
        ("a.jpg", "photos", ""),
        ("logs/a.jpg", "others", ""),
    ],
)
def test_longest_prefix_that_fits_decides(key: str, bucket: str, reason: str) -> None:
    rules = scope(("LEAVE_OUT", "s3://photos/logs/"), ("LEAVE_OUT", "s3://photos/logs/keep/not/"))
    # ONLY limits the whole bucket, so that the empty one keeps the rest.
    rules = ScanScope(rules.left_out, (("photos", "logs/keep/"), ("photos", "")))
    assert rules.find_reason_to_skip(upload(key, bucket)) == reason


def test_bucket_with_only_rules_leaves_everything_else_out() -> None:
    rules = scope(("ONLY", "s3://photos/in/"), ("ONLY", "s3://photos/also/"))
    skipped = [key for key in ("in/a", "also/b", "in", "c") if rules.find_reason_to_skip(upload(key))]
    assert skipped == ["in", "c"]
    assert not rules.find_reason_to_skip(upload("c", "others"))


def test_prefix_that_is_kept_and_left_out_is_scanned() -> None:
    rules = scope(("ONLY", "s3://photos/in/"), ("LEAVE_OUT", "s3://photos/in/"))
    assert not rules.find_reason_to_skip(upload("in/a"))


@pytest.mark.parametrize(
    ("principal", "reason"),
    [
        (f"AWS:{ROLE}:session", "trusted-writer"),
        (f"AWS:{ROLE}", "trusted-writer"),
        (f"AWS:{ROLE}X:session", ""),
        (f"AWS:AROAOTHER1234567890:{ROLE}", ""),
        (f"{ROLE[:-1]}:s", ""),
        ("123456789012", ""),
        ("", ""),
        (":", ""),
    ],
)
def test_writer_is_trusted_by_its_unique_id_and_not_by_its_session(principal: str, reason: str) -> None:
    assert scope(("TRUST", ROLE)).find_reason_to_skip(upload("a", principal=principal)) == reason


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"kind": "only"},
        {"kind": "of another release", "subject": "s3://photos/a"},
        {"kind": "only", "subject": "photos/in"},
        {"kind": "trusted-writer", "subject": "arn:aws:iam::123456789012:role/x"},
        {"kind": "trusted-writer", "subject": ""},
    ],
)
def test_rule_that_cannot_be_read_lets_everything_be_scanned(item: dict[str, Any]) -> None:
    readable = {"kind": "prefix-left-out", "subject": "s3://photos/"}
    assert parse_scope([readable, item]) == EVERYTHING


def test_removed_rule_holds_no_more() -> None:
    rule = {"kind": "prefix-left-out", "subject": "s3://photos/"}
    assert parse_scope([rule | {"removed": {"by": "ann"}}]) == EVERYTHING
    assert parse_scope([rule]) != EVERYTHING


@given(st.text(max_size=30), st.text(max_size=30))
def test_prefix_and_key_are_compared_as_they_are(prefix: str, key: str) -> None:
    assert split_prefix(f"s3://photos/{prefix}") == ("photos", prefix)
    found = scope(("LEAVE_OUT", f"s3://photos/{prefix}")).find_reason_to_skip(upload(key))
    assert bool(found) is key.startswith(prefix)


@pytest.mark.parametrize("uri", ["photos/in", "s3://photos", "s3:///in", "s3://Photos/in", "https://photos/in", ""])
def test_what_names_no_prefix_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        split_prefix(uri)


@pytest.mark.parametrize("given_id", ["AROA", "arn:aws:iam::1:role/x", "AGPAEXAMPLEGROUP1234", f"{ROLE}:session", "*"])
def test_what_names_no_writer_is_refused(given_id: str) -> None:
    with pytest.raises(ValueError, match="no unique id"):
        check_writer(given_id)
