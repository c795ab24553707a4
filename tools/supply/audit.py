"""`python -m tools.supply.audit`: are there known vulnerabilities in what is locked? pip-audit asks the OSV database.

Exits 1 where there are. A machine that cannot reach the database says so loudly and passes, but for --required.
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

SECONDS = 15  # for an answer of the database
# The last words of pip-audit where the database is away, or no answer of its own came.
_AWAY = re.compile(
    r"(Connection|Timeout|Proxy|SSL|Service|JSONDecode)Error|ReadTimeout|Could not connect|Tip: your network"
)


class AuditFailed(RuntimeError):
    """pip-audit stopped for another reason than the network; the message holds its last words."""


class Unreachable(RuntimeError):
    """The database did not answer; the message says how."""


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a locked package."""

    lock: str
    package: str
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    what: str

    def __str__(self) -> str:
        names = f"{self.id} ({', '.join(self.aliases)})" if self.aliases else self.id
        mended = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.lock}: {self.package} has {names}, {mended}. {self.what[:160]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 for a vulnerability, for what nobody could ask where it is --required, and for a fault."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument("--required", action="store_true", help="fail where the database cannot be reached")
    parser.add_argument("--osv-url", help="another database than osv.dev with its interface")
    parser.add_argument("--accepted", type=Path, default=locks.ACCEPTED)
    parser.add_argument("locks", nargs="*", default=list(locks.LOCKS))
    given = parser.parse_args(arguments)
    try:
        borne = _borne(locks.advisories(given.accepted), datetime.now(UTC).date())
        audited, found = audit(given.locks, borne, given.osv_url)
    except Unreachable as away:
        return _not_audited(away, given.locks, given.required)
    except (locks.AcceptedFault, AuditFailed) as fault:
        print(f"audit: {fault}", file=sys.stderr)
        return 1
    return _told(audited, found, borne)


def audit(files: Iterable[str], borne: Iterable[str], osv_url: str | None = None) -> tuple[int, list[Finding]]:
    """How many packages were asked for, and what is known of them, without the advisories in `borne`.

    Packages for another platform than this machine's are not among them. Raises Unreachable and AuditFailed.
    """
    ignored = [word for advisory in borne for word in ("--ignore-vuln", advisory)]
    service = ["--vulnerability-service", "osv", *(["--osv-url", osv_url] if osv_url else [])]
    with ThreadPoolExecutor() as threads:
        reports = list(threads.map(lambda lock: (lock, _pip_audit(lock, [*service, *ignored])), list(files)))
    audited = {(package["name"], package.get("version")) for _, report in reports for package in report["dependencies"]}
    return len(audited), [finding for lock, report in reports for finding in _findings(lock, report)]


def _pip_audit(lock: str, options: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(locks.ROOT / lock), "--disable-pip"]
    settings = ["--format", "json", "--progress-spinner", "off", "--timeout", str(SECONDS)]
    ended = subprocess.run([*command, *settings, *options], capture_output=True, text=True)
    if ended.stdout.startswith("{"):
        report: dict[str, Any] = json.loads(ended.stdout)
        return report
    words = ended.stderr.strip().splitlines()[-2:]
    if any(_AWAY.search(word) for word in words):
        raise Unreachable(words[-1][:300])
    raise AuditFailed(f"pip-audit cannot audit {lock}: {' '.join(words)}")


def _findings(lock: str, report: dict[str, Any]) -> Iterable[Finding]:
    for package in report["dependencies"]:
        if "skip_reason" in package:
            raise AuditFailed(f"{lock}: {package['name']} was left out: {package['skip_reason']}")
        for known in package["vulns"]:
            name = f"{package['name']} {package['version']}"
            fixed, aliases = tuple(known["fix_versions"]), tuple(known["aliases"])
            yield Finding(lock, name, known["id"], aliases, fixed, known["description"])


def _borne(advisories: Iterable[locks.Advisory], today: date) -> list[str]:
    """The ids that do not count today; says which count again."""
    for advisory in advisories:
        if advisory.until <= today:
            print(f"audit: {advisory.id} was borne until {advisory.until} and counts again. It was: {advisory.reason}")
    return [advisory.id for advisory in advisories if advisory.until > today]


def _told(audited: int, found: Sequence[Finding], borne: Sequence[str]) -> int:
    for finding in found:
        print(finding, file=sys.stderr)
    if not found:
        aside = f" but for what requirements/accepted.toml bears: {', '.join(borne)}" if borne else ""
        print(f"audited: {audited} locked packages, no known vulnerability{aside}")
        return 0
    print(
        "It may have become known since the last run, without any change here. `make lock` takes the fixed version;\n"
        "where there is none yet, requirements/accepted.toml bears it until a day, with a reason.",
        file=sys.stderr,
    )
    return 1


def _not_audited(away: Unreachable, files: Sequence[str], required: bool) -> int:
    print(
        f"NOT AUDITED: nobody could say whether {', '.join(files)} hold known vulnerabilities:\n"
        f"their database did not answer: {away}\nRun `make audit` where it can be reached.",
        file=sys.stderr,
    )
    return 1 if required else 0


if __name__ == "__main__":
    sys.exit(main())
