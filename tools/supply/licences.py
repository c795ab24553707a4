"""`python -m tools.supply.licences`: docs/licences.md, the licences of all that is locked; pip-licenses reads them."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.supply import locks
from tools.supply.locks import Pin

PAGE = locks.ROOT / "docs/licences.md"
COPYLEFT = ("GPL", "General Public", "MPL", "Mozilla", "EPL", "Eclipse", "CDDL", "EUPL", "OSL", "CC-BY-SA")
# What says nothing of its licence where pip-licenses looks, or is for another platform than those that make the page.
BY_HAND = {"cookiecutter": "BSD-3-Clause", "colorama": "BSD-3-Clause", "pywin32": "PSF-2.0"}
_ENVIRONMENTS = (".venv", ".venv/checkov")


class UnknownLicence(LookupError):
    """A locked package is not installed, or says nothing of its licence; the message names it, and what to do."""


def main() -> int:
    """Writes the page. The exit status: 1 where a licence is not known."""
    try:
        PAGE.write_text(page(installed(_ENVIRONMENTS)), encoding="utf-8")
    except UnknownLicence as fault:
        print(f"licences: {fault}", file=sys.stderr)
        return 1
    print(f"{PAGE.relative_to(locks.ROOT)} is written")
    return 0


def installed(environments: Iterable[str]) -> dict[Pin, str]:
    """The licence of each package in the virtual environments, for those that say it."""
    found = {}
    for environment in environments:
        python = locks.ROOT / environment / "bin/python"
        words = [str(Path(sys.executable).with_name("pip-licenses")), "--with-system", "--from=mixed", "--format=json"]
        told = subprocess.run([*words, "--python", str(python)], capture_output=True, text=True, check=True)
        for package in json.loads(told.stdout):
            if package["License"] != "UNKNOWN":
                found[Pin(_normal(package["Name"]), package["Version"])] = " ".join(package["License"].split())
    return found


def page(known: Mapping[Pin, str]) -> str:
    """The page's Markdown. Raises UnknownLicence."""
    lines = ["# Licences", "", "Written by `make licences`; `make test` checks that it is current.", ""]
    words = locks.copyleft()
    listed: set[Pin] = set()
    for lock, what in locks.LOCKS.items():
        new = [pin for pin in locks.pins(lock) if pin not in listed]
        listed.update(new)
        lines += [f"## {lock}: {what}", "", "| package | version | licence |", "| --- | --- | --- |"]
        lines += [f"| {pin.name} | {pin.version} | {licence(pin, known)} |" for pin in new]
        lines += [""]
        if lock == locks.DEPLOYED:
            lines += [f"{name}: {why}\n" for name, why in sorted(words.items())]
    return "\n".join(lines).rstrip("\n") + "\n"


def licence(pin: Pin, known: Mapping[Pin, str]) -> str:
    """The package's licence. Raises UnknownLicence."""
    others = (
        words for other, words in sorted(known.items()) if other.name == pin.name
    )  # another Python has this version
    found = known.get(pin) or next(others, None) or BY_HAND.get(pin.name)
    if found is None:
        raise UnknownLicence(
            f"{pin.name} {pin.version} is locked, and its licence is not known: `make setup` installs it; "
            "if it says nothing of its licence, look it up and enter it in BY_HAND (tools/supply/licences.py)"
        )
    return found


def is_copyleft(licence: str) -> bool:
    """Whether the words name a licence that asks something of those who change or pass the package on."""
    return any(word in licence for word in COPYLEFT)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


if __name__ == "__main__":
    sys.exit(main())
