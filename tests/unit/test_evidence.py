"""domain/evidence.py: the record beside a quarantined picture, by docs/schemas/evidence-1.schema.json."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from photodna_guard import __version__
from photodna_guard.domain import evidence
from photodna_guard.domain.models import Upload
from tests.support.schemas import assert_valid, load_schema

UPLOAD = Upload("uploads", "a b+c/😀.jpg", "e7a6", "v1")
FACTS: dict[str, Any] = {
    "quarantine_key": "folder/5ha",
    "quarantine_version": "q1",
    "sha256": "5" * 64,
    "size": Decimal(7),
    "content_type": "image/jpeg",
    "last_modified": "2027-01-15T07:59:59+00:00",
    "metadata": {"album": "holiday"},
    "tags": {"owner": "user"},
    "source": {"principal": "AWS:AIDA", "source_ip": "192.0.2.1", "event_time": "2027-01-15T08:00:00.000Z"},
    "tracking_id": "T-1",
    "matches": [
        {"source": "Other", "match_id": "7", "violations": ["A1"], "distance": Decimal(3)},
        {"source": "Test", "match_id": None, "violations": [], "distance": None},
    ],
    "is_test": False,
    "received_at": "2027-01-15T08:00:00.123Z",
    "matched_at": "2027-01-15T08:00:01.000Z",
    "copied_at": "2027-01-15T08:00:02.000Z",
}
SPARSE = {name: value for name, value in FACTS.items() if name not in ("source", "tracking_id", "metadata", "tags")}
SPARSE |= {"content_type": "", "last_modified": ""}


def validated(facts: dict[str, Any], upload: Upload = UPLOAD) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(evidence.evidence_record(upload, facts, deleted=1_800_000_003.5))
    assert_valid(record, "evidence-1")
    return record


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a schema that describes an object."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


@pytest.mark.parametrize("upload", [UPLOAD, Upload("uploads", "a.jpg", "e7a6")])
@pytest.mark.parametrize("facts", [FACTS, SPARSE, FACTS | {"is_test": True, "matches": []}])
def test_record_is_valid(facts: dict[str, Any], upload: Upload) -> None:
    record = validated(facts, upload)
    assert (record["source"]["key"], record["source"]["version_id"]) == (upload.key, upload.version_id)


@pytest.mark.parametrize("name", ["evidence-1", "settled-1"])
def test_schema_requires_and_describes_every_field(name: str) -> None:
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    for part in objects(schema):
        named = part.get("properties", {})
        assert named or isinstance(part["additionalProperties"], dict)
        assert not named or part["additionalProperties"] is False
        assert set(part.get("required", ())) == set(named), "a field is not always there"
        assert all(field.get("description") for field in named.values())


def test_record_has_every_fact() -> None:
    record = validated(FACTS)
    assert record["software"] == f"photodna-guard {__version__}"
    assert record["uploader"] == FACTS["source"]
    assert record["answer"]["match_flags"] == [flag | {"distance": flag["distance"]} for flag in FACTS["matches"]]
    assert record["answer"]["tracking_id"] == "T-1"
    assert record["copy"] == {"key": "folder/5ha", "version_id": "q1", "sha256": "5" * 64}
    assert record["source"]["size"] == 7
    assert record["source"]["metadata"] == {"album": "holiday"}
    assert record["source"]["tags"] == {"owner": "user"}


def test_record_without_known_tags_says_so() -> None:
    assert validated(SPARSE)["source"]["tags"] is None
    assert validated(FACTS | {"tags": {}})["source"]["tags"] == {}


def test_record_has_every_step_with_its_time() -> None:
    steps = [(step["step"], step["at"][11:]) for step in validated(FACTS)["steps"]]
    assert steps == [
        ("received", "08:00:00.123Z"),
        ("matched", "08:00:01.000Z"),
        ("copied", "08:00:02.000Z"),
        ("deleted", "08:00:03.500Z"),
    ]


@pytest.mark.parametrize(("reason", "known_hash"), [(None, False), ("known-hash", True)])
def test_record_says_whether_a_known_hash_matched(reason: str | None, known_hash: bool) -> None:
    assert validated(FACTS | {"reason": reason})["answer"]["known_hash"] is known_hash


def test_record_leaves_out_facts_beyond_the_schema() -> None:
    """A result may hold more facts one day. No URL and no key comes in by that."""
    more = {"lease": "l", "url": "https://s3/a.jpg?X-Amz-Signature=5ec2e7", "subscription_key": "hunter2"}
    assert validated(FACTS | more | {"source": FACTS["source"] | more}) == validated(FACTS)


def test_key_is_beside_the_copy_and_unique_for_each_upload() -> None:
    first = evidence.evidence_key(FACTS)
    second = evidence.evidence_key(FACTS | {"received_at": "2027-01-16T08:00:00.123Z"})
    assert first.startswith("folder/5ha.")
    assert first.endswith(".json")
    assert ":" not in first
    assert first != second


@given(
    st.dictionaries(st.text(min_size=1, max_size=40), st.text(max_size=2000), max_size=5),
    st.text(min_size=1, max_size=300),
)
def test_metadata_and_key_of_the_uploader_survive(meta: dict[str, str], key: str) -> None:
    record = validated(FACTS | {"metadata": meta, "content_type": key}, Upload("uploads", key, "e", "v1"))
    assert record["source"]["metadata"] == meta
    assert record["source"]["key"] == record["source"]["content_type"] == key


@pytest.mark.parametrize("text", ["\x00\x1f\x7f\u2028", '"},"is_test":true,"x":{"', "ü😀" * 1000, "=?UTF-8?B?w7w=?="])
def test_hostile_text_stays_text(text: str) -> None:
    assert validated(FACTS | {"metadata": {text: text}})["source"]["metadata"] == {text: text}
    assert validated(FACTS | {"metadata": {text: text}})["answer"] == validated(FACTS)["answer"]
