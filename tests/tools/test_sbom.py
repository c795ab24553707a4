"""make sbom: valid CycloneDX, and exactly what is deployed."""

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.supply import licences, locks, sbom, secret_scan


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.made(licences.installed([".venv"]))


def test_it_is_valid_cyclonedx(bill: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def test_it_lists_what_is_deployed_with_licence_hashes_and_purl_and_nothing_else(bill: dict[str, Any]) -> None:
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert listed == {(pin.name, pin.version) for pin in locks.pins(locks.DEPLOYED)}
    lock = (locks.ROOT / locks.DEPLOYED).read_text(encoding="utf-8")
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        assert part["licenses"][0]["license"]["name"]
        assert part["hashes"]
        assert all(f"sha256:{one['content']}" in lock for one in part["hashes"])


def test_it_names_the_project_which_depends_on_all_of_it(bill: dict[str, Any]) -> None:
    assert bill["metadata"]["component"]["name"] == "photodna-guard"
    (depends,) = bill["dependencies"]
    assert depends["ref"] == bill["metadata"]["component"]["bom-ref"]
    assert len(depends["dependsOn"]) == len(bill["components"])


def test_it_names_no_registry_and_no_path_of_this_machine_and_is_the_same_each_time(bill: dict[str, Any]) -> None:
    text = json.dumps(bill)
    assert not secret_scan.REGISTRY.search(text)
    assert str(locks.ROOT) not in text
    assert sbom.made(licences.installed([".venv"])) == bill
