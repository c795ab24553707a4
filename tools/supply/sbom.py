"""Write the bill of materials of the deployed packages (src/requirements.txt) in CycloneDX 1.6: `make sbom`.

cyclonedx-py builds it, and `make test` validates it. It holds no registry's address, since the purl names a package
independently of its mirror.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.supply import licences, locks
from tools.supply.locks import Pin

OUT = locks.ROOT / "build/sbom/photodna-guard.cdx.json"


def main() -> int:
    """Write the bill. The exit status is 1 if a licence is unknown."""
    try:
        bill = build_sbom(licences.read_installed_licences([".venv"]))
    except licences.UnknownLicenceError as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    print(f"{OUT.relative_to(locks.ROOT)}: {len(bill['components'])} components")
    return 0


def build_sbom(known: dict[Pin, str]) -> dict[str, Any]:
    """Return the bill with licences and the lock's hashes. It is reproducible. Raises UnknownLicenceError."""
    cyclonedx = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", str(locks.ROOT / locks.DEPLOYED)]
    options = [
        "--pyproject",
        str(locks.ROOT / "pyproject.toml"),
        "--sv",
        "1.6",
        "--output-reproducible",
        "--short-PURLs",
        "--no-validate",
    ]
    written = subprocess.run([*cyclonedx, *options], capture_output=True, text=True, check=True).stdout
    bill: dict[str, Any] = json.loads(written)
    for component in bill["components"]:
        pin = Pin(component["name"], component["version"])
        component["licenses"] = [{"license": {"name": licences.find_licence(pin, known)}}]
        component["description"] = f"pinned in {locks.DEPLOYED}"
        component["hashes"] = [hash for source in component.pop("externalReferences") for hash in source["hashes"]]
    for tool in bill["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    root = bill["metadata"]["component"]["bom-ref"]
    bill["dependencies"] = [{"ref": root, "dependsOn": sorted(part["bom-ref"] for part in bill["components"])}]
    return bill


if __name__ == "__main__":
    sys.exit(main())
