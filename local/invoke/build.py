"""`python -m local.invoke.build`: sam build with a Python of the runtime's version, and the sizes of what it made."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from local.invoke import engine, sam
from local.invoke.errors import CannotRunError, SamCliError

TEMPLATE = sam.ROOT / "template.yaml"
MAX_PACKAGE_BYTES = 60_000_000  # of a function's package, unzipped; Lambda's own limit is 250 MB
FUNCTION = "AWS::Serverless::Function"
_CHECK = "import pip, sys; sys.exit('python%d.%d' % sys.version_info[:2] != sys.argv[1])"


def build_packages(
    cwd: Path = sam.ROOT, template: Path = TEMPLATE, parameters: Mapping[str, str] | None = None
) -> Path:
    """Builds in `cwd`/.aws-sam; the path of the built template. Raises CannotRunError and SamCliError."""
    with_python = find_python_variables(read_runtime(template))
    if with_python is None:
        _check_container(read_runtime(template), (parameters or {}).get("Architecture", engine.machine_architecture()))
    overrides = [f"{name}={value}" for name, value in (parameters or {}).items()]
    sam.run_sam_cli(
        "build",
        "--template-file",
        str(template),
        *(["--parameter-overrides", *overrides] if overrides else []),
        *(["--use-container", "--skip-pull-image"] if with_python is None else []),
        extra=with_python,
        cwd=cwd,
        seconds=900,
    )
    return cwd / ".aws-sam/build/template.yaml"


def read_runtime(template: Path) -> str:
    """The functions' runtime, such as python3.13."""
    return str(yaml_parse(template.read_text(encoding="utf-8"))["Globals"]["Function"]["Runtime"])


def find_python_variables(name: str) -> dict[str, str] | None:
    """The variables with which `name` (python3.13) on the PATH is that Python, with pip; None where none is.

    SAM CLI looks nowhere else. pyenv's command of that name runs only where that version is chosen.
    """
    found = shutil.which(name)
    for variables in ({}, {"PYENV_VERSION": name.removeprefix("python")}):
        if found and _is_python(found, name, variables):
            return variables
    return None


def _check_container(runtime: str, architecture: str) -> None:
    if architecture != engine.machine_architecture():
        raise CannotRunError(
            f"There is no {runtime} with pip on the PATH, and a container here builds for {engine.machine_architecture()} "
            f"alone. Install {runtime} to build for {architecture}, or build on a machine of that kind"
        )
    try:
        engine.check_engine()
        engine.ensure_image(engine.build_image(runtime))
    except CannotRunError as error:
        raise CannotRunError(
            f"There is no {runtime} with pip on the PATH, and no container to build in. {error}"
        ) from error


def _is_python(path: str, name: str, variables: Mapping[str, str]) -> bool:
    try:
        tried = subprocess.run(
            [path, "-c", _CHECK, name], env={**os.environ, **variables}, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def find_packages(built: Path) -> dict[str, Path]:
    """The folder of each function's package by logical id."""
    resources = yaml_parse(built.read_text(encoding="utf-8"))["Resources"]
    return {name: built.parent / r["Properties"]["CodeUri"] for name, r in resources.items() if r["Type"] == FUNCTION}


def measure_size(package: Path) -> int:
    """Bytes, unzipped."""
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def _read_parameters(architecture: str) -> dict[str, str]:
    """The parameter of the build; nothing: the template's default. Raises CannotRunError."""
    known = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]["Architecture"]["AllowedValues"]
    if architecture and architecture not in known:
        raise CannotRunError(f"ARCHITECTURE={architecture}: give {' or '.join(known)}")
    return {"Architecture": architecture} if architecture else {}


def measure_sizes(built: Path) -> dict[str, int]:
    """Bytes of each function's package, unzipped, by logical id."""
    return {name: measure_size(folder) for name, folder in find_packages(built).items()}


def main() -> int:
    try:
        found = measure_sizes(build_packages(parameters=_read_parameters(os.environ.get("ARCHITECTURE", ""))))
    except (CannotRunError, SamCliError) as error:
        print(error, file=sys.stderr)
        return 2
    for name, of in found.items():
        print(f"{name}: {of / 1e6:.1f} MB unzipped (at most {MAX_PACKAGE_BYTES / 1e6:.0f} MB)")
    return int(any(of > MAX_PACKAGE_BYTES for of in found.values()))


if __name__ == "__main__":
    sys.exit(main())
