"""docs/licences.md: current, complete, and with a word on every copyleft licence among what is deployed."""

import re
from collections import Counter

import pytest

from tools.supply import licences, locks
from tools.supply.locks import Pin

ROW = re.compile(r"^\| (\S+) \| (\d\S*) \| (.+) \|$", re.MULTILINE)
LISTED = {
    Pin(name, version): licence for name, version, licence in ROW.findall(licences.PAGE.read_text(encoding="utf-8"))
}
LOCKED = {pin for lock in locks.LOCKS for pin in locks.pins(lock)}
REFRESH = "run `make licences`"


@pytest.fixture(scope="module")
def installed() -> dict[Pin, str]:
    return licences.installed([".venv"])


def test_the_page_lists_what_is_locked_and_nothing_else() -> None:
    assert set(LISTED) == LOCKED, REFRESH


def test_the_page_says_what_the_installed_packages_say(installed: dict[Pin, str]) -> None:
    """Where two versions are locked, each for other Pythons, the one that is not installed here is not judged."""
    versions = Counter(pin.name for pin in LOCKED - set(locks.pins("requirements/checkov.txt")))
    compared = {pin for pin in LISTED.keys() & installed.keys() if versions[pin.name] == 1}
    assert len(compared) > 100
    assert {pin: LISTED[pin] for pin in compared} == {pin: installed[pin] for pin in compared}, REFRESH


def test_each_copyleft_licence_among_what_is_deployed_has_a_word_on_it_and_the_page_shows_it() -> None:
    deployed = {pin.name for pin in locks.pins(locks.DEPLOYED) if licences.is_copyleft(LISTED[pin])}
    words = locks.copyleft()
    assert set(words) == deployed, "requirements/accepted.toml, [copyleft]"
    page = licences.PAGE.read_text(encoding="utf-8")
    assert all(len(why.split()) >= 8 and f"{name}: {why}" in page for name, why in words.items())


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
def test_copyleft_is_known_by_its_name(licence: str, copyleft: bool) -> None:
    assert licences.is_copyleft(licence) is copyleft


def test_a_package_whose_licence_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(licences.UnknownLicence, match=r"mystery 1\.0 is locked"):
        licences.licence(Pin("mystery", "1.0"), {Pin("other", "1.0"): "MIT"})
