"""guardctl case export: what it writes, and what it refuses."""

import functools
import hashlib
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.guardctl.cybertipline import TO_BE_FILLED
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Status
from tests.ops.guardctl.conftest import Console
from tests.ops.guardctl.quarantined_match import KEY, MATCH, PICTURE, SHA256, UPLOAD, URI, WHY, quarantine_match
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION
from tests.support.schemas import assert_valid

FILES = {
    "README.md",
    "SHA256SUMS",
    "answer.json",
    "chain-of-custody.json",
    "chain-of-custody.md",
    "cybertipline-draft.json",
    "evidence.json",
    "hashes.json",
    "uploader.json",
}


@pytest.fixture
def table(target: Any, clock: ManualClock) -> ResultsTable:
    return ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)


@pytest.fixture
def quarantine(table: ResultsTable) -> Callable[..., None]:
    """Return a function that brings the upload into quarantine."""
    return functools.partial(quarantine_match, table)


def read(directory: Path, name: str) -> Any:
    return json.loads((directory / name).read_text("utf-8"))


def export(console: Console, directory: Path, *more: str) -> Any:
    return console.json("case", "export", URI, "--to", str(directory), *WHY, *more)


def test_only_match_of_a_key_is_the_case_beside_later_uploads(
    console: Console, quarantine: Callable[..., None], table: ResultsTable, tmp_path: Path
) -> None:
    quarantine()
    later = replace(UPLOAD, version_id="v2")
    table.settle(later, table.claim(ScanJob(later)), Status.CLEAN)
    export(console, tmp_path / "case")
    assert read(tmp_path / "case", "evidence.json")["source"]["version_id"] == UPLOAD.version_id


def test_case_has_everything_that_is_known_of_a_match(
    console: Console, quarantine: Callable[..., None], tmp_path: Path
) -> None:
    quarantine()
    found = export(console, tmp_path / "case")
    case = tmp_path / "case"
    assert (set(found["files"]), found["has_picture"]) == (FILES, False)
    assert {file.name for file in case.iterdir()} == FILES
    evidence = read(case, "evidence.json")
    assert_valid(evidence, "evidence-1")
    assert (evidence["source"]["key"], evidence["copy"]["sha256"]) == (KEY, SHA256)
    uploader = read(case, "uploader.json")
    assert (uploader["principal"], uploader["source_ip"]) == ("AWS:AIDAUPLOADER", "203.0.113.9")
    assert (uploader["metadata"], uploader["tags"]) == ({"album": "x"}, {"owner": "u"})
    answer = read(case, "answer.json")
    assert (answer["tracking_id"], answer["matches"][0]["distance"]) == ("T-7", 12)
    hashes = read(case, "hashes.json")
    assert (hashes["sha256"], hashes["size"], "md5" in hashes) == (SHA256, len(PICTURE), False)
    assert not [file for file in case.iterdir() if PICTURE in file.read_bytes()]


def test_files_are_for_their_owner_only_and_their_sums_are_right(
    console: Console, quarantine: Callable[..., None], tmp_path: Path
) -> None:
    quarantine()
    export(console, tmp_path / "case")
    assert stat.S_IMODE((tmp_path / "case").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "case").iterdir()} == {0o600}
    sums = dict(line.split("  ")[::-1] for line in (tmp_path / "case/SHA256SUMS").read_text().splitlines())
    assert sums.keys() == FILES - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((tmp_path / "case" / name).read_bytes()).hexdigest() == digest


def test_draft_has_what_is_known_and_lists_what_a_person_has_to_fill(
    console: Console, quarantine: Callable[..., None], tmp_path: Path
) -> None:
    quarantine()
    export(console, tmp_path / "case")
    draft = read(tmp_path / "case", "cybertipline-draft.json")
    report, details = draft["report"], draft["fileDetails"]
    assert report["incidentSummary"]["incidentDateTime"] == "2026-11-26T10:00:00.000Z"
    assert report["personOrUserReported"]["ipCaptureEvent"][0]["ipAddress"] == "203.0.113.9"
    assert details["originalFileHash"] == [{"hashType": "SHA256", "value": SHA256}]
    assert "T-7" in details["additionalInfo"]
    # A program cannot state that a person looked at a picture, nor who is reported.
    opened = {"/fileDetails/fileViewedByEsp", "/report/reporter/reportingPerson/email"}
    opened |= {"/report/personOrUserReported/espIdentifier", "/fileDetails/industryClassification"}
    assert opened <= set(draft["to_be_filled"])
    assert details["fileViewedByEsp"] == TO_BE_FILLED
    assert json.dumps(draft).count(f'"{TO_BE_FILLED}"') == len(draft["to_be_filled"])


def test_custody_has_each_step_and_what_operators_did(
    console: Console, quarantine: Callable[..., None], tmp_path: Path
) -> None:
    quarantine()
    console.run("ack", URI, "--reason", "reported", "--yes")
    export(console, tmp_path / "case")
    custody = read(tmp_path / "case", "chain-of-custody.json")
    assert [event["at"] for event in custody] == sorted(event["at"] for event in custody)
    told = " / ".join(event["what"] for event in custody)
    for part in ("uploaded to", "received the upload", "the copy was made", "acknowledged: reported", "lock ends"):
        assert part in told
    assert "guardctl ack (done): reported" in told
    assert "guardctl case export (begun): ticket 7" in told
    table = (tmp_path / "case/chain-of-custody.md").read_text("utf-8").splitlines()
    assert {line.count("|") for line in table if line.startswith("|")} == {5}, "the key has a bar of its own"


def test_export_is_in_the_journal(console: Console, quarantine: Callable[..., None], tmp_path: Path) -> None:
    quarantine()
    export(console, tmp_path / "case")
    (entry,) = console.json("journal")
    assert (entry["action"], entry["subject"], entry["state"]) == ("case export", URI, "done")
    assert (entry["reason"], entry["directory"]) == ("ticket 7", str(tmp_path / "case"))


def test_existing_case_is_not_overwritten(console: Console, quarantine: Callable[..., None], tmp_path: Path) -> None:
    quarantine()
    export(console, tmp_path / "case")
    before = {file.name: file.read_bytes() for file in (tmp_path / "case").iterdir()}
    assert console.run("case", "export", URI, "--to", str(tmp_path / "case"), *WHY) == 2
    assert "is not overwritten" in console.err
    assert {file.name: file.read_bytes() for file in (tmp_path / "case").iterdir()} == before


def test_case_goes_below_build_by_default(
    console: Console, quarantine: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine()
    monkeypatch.chdir(tmp_path)
    found = console.json("case", "export", URI, *WHY)
    assert found["case"].startswith(f"build/cases/2027-01-15-{SHA256[:12]}-")
    assert (tmp_path / found["case"] / "evidence.json").exists()


def test_match_of_the_samples_is_no_case(console: Console, quarantine: Callable[..., None], tmp_path: Path) -> None:
    quarantine(is_test=True)
    assert console.run("case", "export", URI, "--to", str(tmp_path / "case"), *WHY) == 2
    assert "own samples" in console.err
    assert not (tmp_path / "case").exists()


@pytest.mark.parametrize("status", [Status.CLEAN, Status.UNSCANNABLE, Status.PENDING])
def test_what_is_no_match_is_no_case(console: Console, table: ResultsTable, tmp_path: Path, status: Status) -> None:
    record = table.claim(ScanJob(UPLOAD))
    if status.settled:
        table.settle(UPLOAD, record, status)
    assert console.run("case", "export", URI, "--to", str(tmp_path / "case"), *WHY) == 2
    assert "no match" in console.err
    assert console.json("journal") == []


def test_match_before_its_quarantine_is_no_case_yet(console: Console, table: ResultsTable, tmp_path: Path) -> None:
    table.record_match(UPLOAD, table.claim(ScanJob(UPLOAD)), MATCH)
    assert console.run("case", "export", URI, "--to", str(tmp_path / "case"), *WHY) == 2
    assert "not in quarantine yet" in console.err
