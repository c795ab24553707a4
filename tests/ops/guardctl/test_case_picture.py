"""guardctl case export --with-picture: the break-glass role, what it reads, and what is compared."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.guardctl.case_documents import build_evidence
from ops.guardctl.uploads import Results
from photodna_guard.aws.results_table import ResultsTable
from tests.ops.guardctl.conftest import Console
from tests.ops.guardctl.quarantined_match import PICTURE, SHA256, URI, WHY, quarantine_match
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

UNTIL = datetime(2028, 1, 1, tzinfo=UTC)


@pytest.fixture
def roles(console: Console) -> list[str]:
    """Let the target take other roles, and return those that it takes, in their order."""
    taken: list[str] = []

    def clients_of(role: str) -> Callable[[str], Any]:
        taken.append(role)
        return SESSION.client  # type: ignore[return-value]

    console.target = replace(console.target, clients_of=clients_of)
    return taken


@pytest.fixture
def put(console: Console, clock: ManualClock, roles: list[str]) -> Callable[..., None]:
    """Return a function that puts the match, its copy and its evidence record into table and quarantine."""
    s3: Any = SESSION.client("s3")
    s3.create_bucket(Bucket="quarantine", ObjectLockEnabledForBucket=True)
    table = ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)

    def write(content: bytes = PICTURE, **changed: object) -> None:
        lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": UNTIL}
        version = s3.put_object(Bucket="quarantine", Key="copy-key", Body=content, **lock)["VersionId"]
        # Another version, which is none of this match.
        s3.put_object(Bucket="quarantine", Key="copy-key", Body=b"something else")
        quarantine_match(table, version)
        record = json.loads(build_evidence(Results(console.target).read_version(URI, None)))
        deleted = (datetime.fromisoformat(record["steps"][-1]["at"]) - timedelta(seconds=3)).isoformat()
        record["steps"][-1]["at"], record["software"] = deleted, "photodna-guard 0.0.1"
        s3.put_object(Bucket="quarantine", Key="copy-key.json", Body=json.dumps(record | changed).encode())

    return write


def export(console: Console, directory: Path) -> int:
    return console.run("case", "export", URI, "--with-picture", "--to", str(directory), *WHY, "--json")


def test_picture_is_the_exact_version_and_is_read_by_the_break_glass_role(
    console: Console, put: Callable[..., None], roles: list[str], tmp_path: Path
) -> None:
    put()
    assert export(console, tmp_path / "case") == 0, console.err
    found = json.loads(console.out)
    assert (found["has_picture"], found["differences"], roles) == (True, [], ["BreakGlassRole"])
    picture = tmp_path / "case" / f"picture-{SHA256[:12]}"
    assert picture.read_bytes() == PICTURE
    assert picture.stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "case/evidence-locked.json").read_text())["software"] == "photodna-guard 0.0.1"
    hashes = json.loads((tmp_path / "case/hashes.json").read_text())
    assert hashes["md5"] == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    assert picture.name in (tmp_path / "case/SHA256SUMS").read_text()
    custody = json.loads((tmp_path / "case/chain-of-custody.json").read_text())
    assert ("2028-01-01T00:00:00Z", "S3's lock of the copy") in [(e["at"], e["known_from"]) for e in custody]


def test_export_is_in_the_journal_before_the_role_is_taken(
    console: Console, put: Callable[..., None], tmp_path: Path
) -> None:
    put()
    seen: list[Any] = []

    def clients_of(role: str) -> Callable[[str], Any]:
        (entry,) = console.json("journal")
        seen.append((entry["action"], entry["state"]))
        return SESSION.client  # type: ignore[return-value]

    console.target = replace(console.target, clients_of=clients_of)
    assert export(console, tmp_path / "case") == 0, console.err
    assert seen == [("case export with picture", "begun")]


def test_without_the_option_no_role_is_taken(
    console: Console, put: Callable[..., None], roles: list[str], tmp_path: Path
) -> None:
    put()
    assert console.run("case", "export", URI, "--to", str(tmp_path / "case"), *WHY) == 0
    assert roles == []


def test_other_bytes_than_the_results_leave_no_case_behind(
    console: Console, put: Callable[..., None], tmp_path: Path
) -> None:
    put(content=b"other bytes")
    assert export(console, tmp_path / "case") == 2
    assert "SHA-256" in console.err
    assert not (tmp_path / "case").exists()
    (entry,) = console.json("journal")
    assert entry["state"] == "failed"


def test_locked_record_that_says_something_else_is_named(
    console: Console, put: Callable[..., None], tmp_path: Path
) -> None:
    put(uploader={"principal": "somebody else"})
    assert export(console, tmp_path / "case") == 0
    assert json.loads(console.out)["differences"] == ["uploader"]
    console.run("case", "export", URI, "--with-picture", "--to", str(tmp_path / "again"), *WHY)
    assert "differ in uploader" in console.out


def test_caller_whom_the_role_does_not_trust_learns_what_to_do(
    console: Console, put: Callable[..., None], tmp_path: Path
) -> None:
    put()

    def refuse(role: str) -> Callable[[str], Any]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")

    console.target = replace(console.target, clients_of=refuse)
    assert export(console, tmp_path / "case") == 2
    assert "BreakGlassPrincipalArn" in console.err
    assert not (tmp_path / "case").exists()
