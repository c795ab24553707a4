"""Check the locked packages for known vulnerabilities with pip-audit and the OSV database: `make audit`.

The exit status is 1 if there are any. If the database cannot be reached, a warning is printed and the check passes,
unless --required is options.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tools.supply import locks

DATABASE_TIMEOUT_SECONDS = 15
# pip-audit's last lines match this if the database is unavailable or something else answers in its place.
_DATABASE_UNAVAILABLE = re.compile(
    r"(Connection|Timeout|Proxy|SSL|Service|JSONDecode)Error|ReadTimeout|Could not connect|Tip: your network"
)


class AuditFailedError(RuntimeError):
    """pip-audit failed for another reason than the network. The message holds its last lines."""


class DatabaseUnreachableError(RuntimeError):
    """The database did not answer. The message holds pip-audit's last line."""


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a locked package."""

    lock: str
    package: str
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    description: str

    def __str__(self) -> str:
        names = f"{self.id} ({', '.join(self.aliases)})" if self.aliases else self.id
        fix = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "without a fix yet"
        return f"{self.lock}: {self.package} has {names}, {fix}. {self.description[:160]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit. The exit status is 1 for a vulnerability, a failure, or a --required audit without a database."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument("--required", action="store_true", help="fail where the database cannot be reached")
    parser.add_argument("--osv-url", help="another database with the interface of osv.dev")
    parser.add_argument("--accepted", type=Path, default=locks.ACCEPTED)
    parser.add_argument("locks", nargs="*", default=list(locks.LOCKS))
    options = parser.parse_args(arguments)
    try:
        accepted = _list_accepted(locks.read_advisories(options.accepted), datetime.now(UTC).date())
        audited, found = audit_locks(options.locks, accepted, options.osv_url)
    except DatabaseUnreachableError as error:
        return _report_unavailable(error, options.locks, options.required)
    except (locks.AcceptedFileError, AuditFailedError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 1
    return _report_findings(audited, found, accepted)


def audit_locks(files: Iterable[str], accepted: Iterable[str], osv_url: str | None = None) -> tuple[int, list[Finding]]:
    """Return the number of audited packages and the findings, without the accepted advisories.

    Packages for other platforms are left out. Raises DatabaseUnreachableError and AuditFailedError.
    """
    ignored = [word for advisory in accepted for word in ("--ignore-vuln", advisory)]
    service = ["--vulnerability-service", "osv", *(["--osv-url", osv_url] if osv_url else [])]
    with ThreadPoolExecutor() as threads:
        reports = list(threads.map(lambda lock: (lock, _pip_audit(lock, [*service, *ignored])), list(files)))
    audited = {(package["name"], package.get("version")) for _, report in reports for package in report["dependencies"]}
    return len(audited), [finding for lock, report in reports for finding in _iter_findings(lock, report)]


def _pip_audit(lock: str, options: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(locks.ROOT / lock), "--disable-pip"]
    settings = ["--format", "json", "--progress-spinner", "off", "--timeout", str(DATABASE_TIMEOUT_SECONDS)]
    completed = subprocess.run([*command, *settings, *options], capture_output=True, text=True)
    if completed.stdout.startswith("{"):
        report: dict[str, Any] = json.loads(completed.stdout)
        return report
    lines = completed.stderr.strip().splitlines()[-2:]
    if any(_DATABASE_UNAVAILABLE.search(line) for line in lines):
        raise DatabaseUnreachableError(lines[-1][:300])
    raise AuditFailedError(f"pip-audit cannot audit {lock}: {' '.join(lines)}")


def _iter_findings(lock: str, report: dict[str, Any]) -> Iterable[Finding]:
    for package in report["dependencies"]:
        if "skip_reason" in package:
            raise AuditFailedError(f"{lock}: {package['name']} was left out: {package['skip_reason']}")
        for known in package["vulns"]:
            name = f"{package['name']} {package['version']}"
            fixed, aliases = tuple(known["fix_versions"]), tuple(known["aliases"])
            yield Finding(lock, name, known["id"], aliases, fixed, known["description"])


def _list_accepted(advisories: Iterable[locks.Advisory], today: date) -> list[str]:
    """Return the ids that are accepted today. Print those whose date has passed."""
    for advisory in advisories:
        if advisory.until <= today:
            past = f"{advisory.id} was accepted until {advisory.until} and counts again"
            print(f"audit: {past}. The reason was: {advisory.reason}")
    return [advisory.id for advisory in advisories if advisory.until > today]


def _report_findings(audited: int, found: Sequence[Finding], accepted: Sequence[str]) -> int:
    for finding in found:
        print(finding, file=sys.stderr)
    if not found:
        exception = f" except those in requirements/accepted.toml: {', '.join(accepted)}" if accepted else ""
        print(f"audited: {audited} locked packages, no known vulnerability{exception}")
        return 0
    print(
        "A vulnerability can become known without any change here. `make lock` takes the fixed version. Without one,\n"
        "requirements/accepted.toml can accept the vulnerability until a date, with a reason.",
        file=sys.stderr,
    )
    return 1


def _report_unavailable(error: DatabaseUnreachableError, files: Sequence[str], required: bool) -> int:
    print(
        f"NOT AUDITED: {', '.join(files)} could not be checked for known vulnerabilities:\n"
        f"the database did not answer: {error}\nRun `make audit` where it can be reached.",
        file=sys.stderr,
    )
    return 1 if required else 0


if __name__ == "__main__":
    sys.exit(main())
