"""Write docs/licences.md, the licences of all locked packages, as pip-licenses reads them: `make licences`."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.supply import locks
from tools.supply.locks import Pin

PAGE = locks.ROOT / "docs/licences.md"
COPYLEFT = ("GPL", "General Public", "MPL", "Mozilla", "EPL", "Eclipse", "CDDL", "EUPL", "OSL", "CC-BY-SA")
# These packages name no licence where pip-licenses looks, or are for another platform than the developers' machines.
MANUAL_LICENCES = {"cookiecutter": "BSD-3-Clause", "colorama": "BSD-3-Clause", "pywin32": "PSF-2.0", "resvg-py": "MIT"}
_ENVIRONMENTS = (".venv", ".venv/checkov", ".venv/judges")


class UnknownLicenceError(LookupError):
    """A locked package is not installed or names no licence. The message has its name and what to do."""


def main() -> int:
    """Write the page. The exit status is 1 if a licence is unknown."""
    try:
        PAGE.write_text(render_page(read_installed_licences(_ENVIRONMENTS)), encoding="utf-8")
    except UnknownLicenceError as error:
        print(f"licences: {error}", file=sys.stderr)
        return 1
    print(f"{PAGE.relative_to(locks.ROOT)} is written")
    return 0


def read_installed_licences(environments: Iterable[str]) -> dict[Pin, str]:
    """Return the licence of each package in the virtual environments. Packages without one are left out."""
    found = {}
    for environment in environments:
        python = locks.ROOT / environment / "bin/python"
        command = [
            str(Path(sys.executable).with_name("pip-licenses")),
            "--with-system",
            "--from=mixed",
            "--format=json",
        ]
        completed = subprocess.run([*command, "--python", str(python)], capture_output=True, text=True, check=True)
        for package in json.loads(completed.stdout):
            if package["License"] != "UNKNOWN":
                found[Pin(_normalize_name(package["Name"]), package["Version"])] = " ".join(package["License"].split())
    return found


def render_page(known: Mapping[Pin, str]) -> str:
    """Return the page's Markdown. Raises UnknownLicenceError."""
    lines = ["# Licences", "", "Written by `make licences`; `make test` checks that it is current.", ""]
    reasons = locks.read_copyleft_reasons()
    listed: set[Pin] = set()
    for lock, purpose in locks.LOCKS.items():
        new = [pin for pin in locks.read_pins(lock) if pin not in listed]
        listed.update(new)
        lines += [f"## {lock}: {purpose}", "", "| package | version | licence |", "| --- | --- | --- |"]
        lines += [f"| {pin.name} | {pin.version} | {find_licence(pin, known)} |" for pin in new]
        lines += [""]
        if lock == locks.DEPLOYED:
            lines += [f"{name}: {reason}\n" for name, reason in sorted(reasons.items())]
    return "\n".join(lines).rstrip("\n") + "\n"


def find_licence(pin: Pin, known: Mapping[Pin, str]) -> str:
    """Return the package's licence. Raises UnknownLicenceError."""
    # Another Python may have another locked version, whose licence is the same.
    others = (licence for other, licence in sorted(known.items()) if other.name == pin.name)
    found = known.get(pin) or next(others, None) or MANUAL_LICENCES.get(pin.name)
    if found is None:
        raise UnknownLicenceError(
            f"{pin.name} {pin.version} is locked, and its licence is not known. `make setup` installs the package. "
            "If it names no licence, look the licence up and enter it in MANUAL_LICENCES (tools/supply/licences.py)"
        )
    return found


def is_copyleft(licence: str) -> bool:
    """Return whether the licence has conditions for changing the package or passing it on."""
    return any(word in licence for word in COPYLEFT)


def _normalize_name(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


if __name__ == "__main__":
    sys.exit(main())
