"""make audit: known vulnerabilities, accepted ones, and an unavailable database."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.supply import audit, locks

pytestmark = pytest.mark.slow

ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "reads what it should not",
    "affected": [
        {
            "package": {"name": "urllib3", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    """A database with the interface of osv.dev, and one vulnerability, of urllib3."""

    broken = False

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        response: dict[str, Any] = {"vulns": [ADVISORY]} if query["package"]["name"] == "urllib3" else {}
        self.send_response(500 if self.broken else 200)
        self.end_headers()
        self.wfile.write(json.dumps(response).encode())

    def log_message(self, *_: object) -> None:
        pass


class BrokenDatabase(Database):
    broken = True


@pytest.fixture(params=[Database])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def lock(tmp_path: Path) -> str:
    path = tmp_path / "lock.txt"
    path.write_text(f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\nurllib3==2.8.0 \\\n    --hash=sha256:{'1' * 64}\n")
    return str(path)


def write_accepted(tmp_path: Path, entry: str) -> str:
    path = tmp_path / "accepted.toml"
    path.write_text(f"[[advisory]]\n{entry}\n")
    return str(path)


def accepted_until(day: date, advisory: str = "PYSEC-2026-1") -> str:
    return f'id = "{advisory}"\nreason = "the functions do not call it"\nuntil = {day}'


def today() -> date:
    return datetime.now(UTC).date()


def test_known_vulnerability_fails_with_its_package_and_fix(
    url: str, lock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(["--osv-url", url, lock]) == 1
    printed = capsys.readouterr().err
    for word in (
        "urllib3 2.8.0",
        "PYSEC-2026-1",
        "CVE-2026-1",
        "fixed in 99.1",
        "reads what it should not",
        "make lock",
    ):
        assert word in printed
    assert "six" not in printed


def test_package_without_vulnerability_passes_and_is_counted(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lock.txt").write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    assert audit.main(["--osv-url", url, str(tmp_path / "lock.txt")]) == 0
    assert "audited: 1 locked packages" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["PYSEC-2026-1", "CVE-2026-1"])
def test_accepted_vulnerability_passes_and_is_still_named(
    name: str, url: str, lock: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = write_accepted(tmp_path, accepted_until(today() + timedelta(days=1), name))
    assert audit.main(["--osv-url", url, "--accepted", accepted, lock]) == 0
    assert name in capsys.readouterr().out


def test_accepted_vulnerability_counts_again_from_its_date_on(
    url: str, lock: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(["--osv-url", url, "--accepted", write_accepted(tmp_path, accepted_until(today())), lock]) == 1
    assert "counts again. The reason was: the functions do not call it" in capsys.readouterr().out


def test_accepting_one_vulnerability_accepts_no_other(url: str, lock: str, tmp_path: Path) -> None:
    other = write_accepted(tmp_path, accepted_until(today() + timedelta(days=1), "PYSEC-2026-2"))
    assert audit.main(["--osv-url", url, "--accepted", other, lock]) == 1


@pytest.mark.parametrize(
    "entry",
    [
        'id = "PYSEC-2026-1"\nuntil = 2099-01-01',
        'id = "PYSEC-2026-1"\nreason = " "\nuntil = 2099-01-01',
        'id = "PYSEC-2026-1"\nreason = "why"',
        'id = "PYSEC-2026-1"\nreason = "why"\nuntil = "2099-01-01"',
        'reason = "why"\nuntil = 2099-01-01',
    ],
    ids=["no reason", "an empty reason", "no date", "a date in quotes", "no id"],
)
def test_incomplete_entry_is_refused(entry: str, lock: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--accepted", write_accepted(tmp_path, entry), lock]) == 1
    assert "advisory 1 needs an id, a reason and a date" in capsys.readouterr().err


@pytest.mark.parametrize(("required", "status"), [([], 0), (["--required"], 1)], ids=["make check", "REQUIRED=1"])
@pytest.mark.parametrize("url", [BrokenDatabase], indirect=True)
def test_unavailable_database_warns_and_fails_only_if_required(
    required: list[str], status: int, url: str, lock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main([*required, "--osv-url", url, lock]) == status
    assert "NOT AUDITED" in capsys.readouterr().err


def test_without_network_nothing_counts_as_audited(lock: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--osv-url", "http://127.0.0.1:9/v1/query", lock]) == 0
    printed = capsys.readouterr()
    assert "NOT AUDITED" in printed.err
    assert "audited:" not in printed.out


def test_unreadable_lock_fails_instead_of_counting_as_unavailable(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(["--osv-url", url, str(tmp_path / "none.txt")]) == 1
    assert "none.txt" in capsys.readouterr().err


def test_no_advisory_is_accepted_for_longer_than_half_a_year() -> None:
    assert all(advisory.until <= today() + timedelta(days=183) for advisory in locks.read_advisories())


def test_every_lock_file_is_audited() -> None:
    found = {str(path.relative_to(locks.ROOT)) for path in (locks.ROOT / "requirements").glob("*.txt")}
    assert found | {locks.DEPLOYED} == set(locks.LOCKS)
    assert all(locks.read_pins(lock) for lock in locks.LOCKS)


def test_every_locked_package_has_a_hash() -> None:
    for lock in locks.LOCKS:
        for entry in (locks.ROOT / lock).read_text(encoding="utf-8").split("\n"):
            if "==" in entry and not entry.lstrip().startswith("#"):
                assert entry.endswith("\\"), f"{lock}: {entry} has no hash"
