"""The lock files, the packages that they pin, and what is accepted although a rule speaks against it."""

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
}
ACCEPTED = ROOT / "requirements/accepted.toml"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


class AcceptedFault(ValueError):
    """requirements/accepted.toml holds an entry that is not complete; the message says which, and what it lacks."""


@dataclass(frozen=True, order=True)
class Pin:
    """A package and its locked version."""

    name: str
    version: str


@dataclass(frozen=True)
class Advisory:
    """A known vulnerability that is borne: why, and the day from which it counts again."""

    id: str
    reason: str
    until: date


def pins(lock: str, root: Path = ROOT) -> list[Pin]:
    """What the lock file pins, sorted by name; on whatever platform it is needed."""
    return sorted(Pin(*found) for found in _PIN.findall((root / lock).read_text(encoding="utf-8")))


def advisories(path: Path = ACCEPTED) -> list[Advisory]:
    """The vulnerabilities that are borne. Raises AcceptedFault."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("advisory", [])
    return [_advisory(path, number, entry) for number, entry in enumerate(entries, start=1)]


def copyleft(path: Path = ACCEPTED) -> Mapping[str, str]:
    """By the package's name: why its copyleft licence is no obstacle."""
    words: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8")).get("copyleft", {})
    return words


def _advisory(path: Path, number: int, entry: Mapping[str, object]) -> Advisory:
    known, reason, until = entry.get("id"), entry.get("reason"), entry.get("until")
    if not (isinstance(known, str) and known and isinstance(reason, str) and reason.strip() and type(until) is date):
        raise AcceptedFault(
            f"{path}: advisory {number} needs an id, a reason and a day: until = 2027-01-31 (no quotes)"
        )
    return Advisory(known, reason, until)
