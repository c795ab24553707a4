"""Read the lock files, the packages that they pin, and the accepted exceptions."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED = "src/requirements.txt"
LOCKS: Mapping[str, str] = {
    DEPLOYED: "deployed, in the functions",
    "requirements/dev.txt": "development",
    "requirements/bootstrap.txt": "setting up",
    "requirements/checkov.txt": "the template's rules",
    "requirements/judges.txt": "judges that are not our own",
}
ACCEPTED = ROOT / "requirements/accepted.toml"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


class AcceptedFileError(ValueError):
    """An entry of requirements/accepted.toml is incomplete. The message has its number and what it needs."""


@dataclass(frozen=True, order=True)
class Pin:
    """A package and its locked version."""

    name: str
    version: str


@dataclass(frozen=True)
class Advisory:
    """A known vulnerability that is accepted for a reason, until the date from which it counts again."""

    id: str
    reason: str
    until: date


def read_pins(lock: str, root: Path = ROOT) -> list[Pin]:
    """Return the lock file's pins for all platforms, sorted by name."""
    return sorted(Pin(*found) for found in _PIN.findall((root / lock).read_text(encoding="utf-8")))


def read_advisories(path: Path = ACCEPTED) -> list[Advisory]:
    """Return the accepted vulnerabilities. Raises AcceptedFileError."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("advisory", [])
    return [_parse_advisory(path, number, entry) for number, entry in enumerate(entries, start=1)]


def read_copyleft_reasons(path: Path = ACCEPTED) -> Mapping[str, str]:
    """Return by package name why its copyleft licence is no obstacle."""
    reasons: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8")).get("copyleft", {})
    return reasons


def _parse_advisory(path: Path, number: int, entry: Mapping[str, object]) -> Advisory:
    name, reason, until = entry.get("id"), entry.get("reason"), entry.get("until")
    if not (isinstance(name, str) and name and isinstance(reason, str) and reason.strip() and type(until) is date):
        raise AcceptedFileError(
            f"{path}: advisory {number} needs an id, a reason and a date: until = 2027-01-31 (no quotes)"
        )
    return Advisory(name, reason, until)
