"""The groups that say at a glance what became of the uploads, and the sentence of each reason."""

import re

import pytest

from local.demo.overview import group_uploads
from local.demo.reasons import explain
from photodna_guard.domain.models import Status
from tests.local.demo.factories import checked_upload, run
from tests.support.markdown import table_rows
from tests.support.template import ROOT

GROUPS = {
    "CLEAN": "verdict",
    "QUARANTINED": "verdict",
    "SKIPPED": "skipped",
    "UNSCANNABLE": "unscannable",
    "FAILED": "unscannable",
    "GONE": "gone",
    "PENDING": "open",
    "DEFERRED": "open",
    "MATCHED": "open",
    "": "open",
    "SOMETHING-NEW": "open",
}
WITHOUT_VERDICT = ("UNSCANNABLE", "SKIPPED", "GONE")


def _listed_reasons() -> list[tuple[str, str]]:
    """Return each status and reason that docs/results.md lists for uploads without a verdict."""
    rows = table_rows((ROOT / "docs/results.md").read_text(encoding="utf-8"), "Reasons")
    named = [(re.findall(r"`(\w+)`", row[0])[0], re.findall(r"`([a-z\d -]+)`", row[1])) for row in rows]
    return [(status, reason) for status, reasons in named for reason in reasons if status in WITHOUT_VERDICT]


def test_every_status_of_the_application_has_a_group() -> None:
    assert {status.value for status in Status} <= set(GROUPS)


@pytest.mark.parametrize("status", GROUPS)
def test_an_upload_is_counted_in_one_group(status: str) -> None:
    counts = {group.name: group.count for group in group_uploads([checked_upload(status=status)])}

    assert counts == dict.fromkeys(("verdict", "skipped", "unscannable", "gone", "open"), 0) | {GROUPS[status]: 1}


def test_reasons_are_counted_with_the_most_frequent_first() -> None:
    svg, damaged = (checked_upload(status="UNSCANNABLE", reason=reason) for reason in ("format-svg", "damaged"))

    groups = {group.name: group for group in group_uploads([svg, damaged, damaged, checked_upload()])}

    assert [(one.count, one.reason) for one in groups["unscannable"].reasons] == [(2, "damaged"), (1, "format-svg")]
    assert groups["unscannable"].detail == "2 damaged, 1 format-svg"
    assert groups["verdict"].detail == "1 clean"


def test_a_match_by_its_known_hash_is_counted_with_the_other_matches() -> None:
    matches = [checked_upload(status="QUARANTINED", reason=reason) for reason in ("", "known-hash")]

    assert group_uploads(matches)[0].detail == "2 matches"


def test_results_json_has_the_counts_and_the_upload_alone_beside_the_pictures() -> None:
    alone = checked_upload(key="alone", seconds_to_verdict=0.3)

    found = run(checked_upload(), checked_upload(status="DEFERRED"), alone=alone).as_json()

    assert [one["key"] for one in found["pictures"]] == ["a.jpg", "a.jpg"]
    assert found["summary"]["by_group"] == {"verdict": 1, "skipped": 0, "unscannable": 0, "gone": 0, "open": 1}
    assert found["summary"]["alone_seconds_to_verdict"] == 0.3
    assert found["alone"]["key"] == "alone"
    assert run(checked_upload()).as_json()["alone"] is None


def test_the_documents_list_reasons() -> None:
    assert len(_listed_reasons()) > 25


@pytest.mark.parametrize(("status", "reason"), _listed_reasons())
def test_every_reason_in_the_documents_has_a_sentence(status: str, reason: str) -> None:
    sentence = explain(status, reason)

    assert sentence.endswith(".")
    assert sentence != explain(status, "no such reason")


@pytest.mark.parametrize("status", GROUPS)
def test_every_status_has_a_sentence_without_a_reason(status: str) -> None:
    assert explain(status, "").endswith(".")
