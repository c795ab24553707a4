"""make sbom: valid CycloneDX with exactly the deployed packages."""

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.supply import licences, locks, sbom, secret_scan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.build_sbom(licences.read_installed_licences([".venv"]))


def test_bill_is_valid_cyclonedx(bill: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def test_bill_lists_exactly_the_deployed_packages_with_their_details(bill: dict[str, Any]) -> None:
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert listed == {(pin.name, pin.version) for pin in locks.read_pins(locks.DEPLOYED)}
    lock = (locks.ROOT / locks.DEPLOYED).read_text(encoding="utf-8")
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        assert part["licenses"][0]["license"]["name"]
        assert part["hashes"]
        assert all(f"sha256:{one['content']}" in lock for one in part["hashes"])


def test_project_depends_on_every_component(bill: dict[str, Any]) -> None:
    assert bill["metadata"]["component"]["name"] == "photodna-guard"
    (depends,) = bill["dependencies"]
    assert depends["ref"] == bill["metadata"]["component"]["bom-ref"]
    assert len(depends["dependsOn"]) == len(bill["components"])


def test_bill_is_reproducible_and_names_no_registry_or_local_path(bill: dict[str, Any]) -> None:
    text = json.dumps(bill)
    assert not secret_scan.REGISTRY.search(text)
    assert str(locks.ROOT) not in text
    assert sbom.build_sbom(licences.read_installed_licences([".venv"])) == bill
