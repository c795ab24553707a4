"""docs/licences.md: current, complete, and with a reason for every copyleft licence of a deployed package."""

import re
from collections import Counter

import pytest

from tools.supply import licences, locks
from tools.supply.locks import Pin

ROW = re.compile(r"^\| (\S+) \| (\d\S*) \| (.+) \|$", re.MULTILINE)
LISTED = {
    Pin(name, version): licence for name, version, licence in ROW.findall(licences.PAGE.read_text(encoding="utf-8"))
}
LOCKED = {pin for lock in locks.LOCKS for pin in locks.read_pins(lock)}
REFRESH = "run `make licences`"


@pytest.fixture(scope="module")
def installed() -> dict[Pin, str]:
    return licences.read_installed_licences([".venv"])


def test_page_lists_exactly_the_locked_packages() -> None:
    assert set(LISTED) == LOCKED, REFRESH


def test_page_has_the_licences_of_the_installed_packages(installed: dict[Pin, str]) -> None:
    # Of two versions for different Pythons only one is installed here, so such packages are left out.
    elsewhere = {pin for lock in ("checkov", "judges") for pin in locks.read_pins(f"requirements/{lock}.txt")}
    versions = Counter(pin.name for pin in LOCKED - elsewhere)
    compared = {pin for pin in LISTED.keys() & installed.keys() if versions[pin.name] == 1}
    assert len(compared) > 100
    assert {pin: LISTED[pin] for pin in compared} == {pin: installed[pin] for pin in compared}, REFRESH


def test_each_deployed_copyleft_licence_has_a_reason_on_the_page() -> None:
    deployed = {pin.name for pin in locks.read_pins(locks.DEPLOYED) if licences.is_copyleft(LISTED[pin])}
    reasons = locks.read_copyleft_reasons()
    assert set(reasons) == deployed, "requirements/accepted.toml, [copyleft]"
    page = licences.PAGE.read_text(encoding="utf-8")
    assert all(len(reason.split()) >= 8 and f"{name}: {reason}" in page for name, reason in reasons.items())


@pytest.mark.parametrize(
    ("licence", "copyleft"),
    [
        ("GNU General Public License v2 or later (GPLv2+)", True),
        ("LGPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("MPL-2.0 AND MIT", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("EPL-2.0", True),
        ("MIT License", False),
        ("Apache-2.0 OR BSD-3-Clause", False),
        ("PSF-2.0", False),
    ],
)
def test_copyleft_is_recognised_by_the_licences_name(licence: str, copyleft: bool) -> None:
    assert licences.is_copyleft(licence) is copyleft


def test_package_with_unknown_licence_is_refused_by_name() -> None:
    with pytest.raises(licences.UnknownLicenceError, match=r"mystery 1\.0 is locked"):
        licences.find_licence(Pin("mystery", "1.0"), {Pin("other", "1.0"): "MIT"})
