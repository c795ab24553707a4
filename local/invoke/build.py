"""Runs `sam build` with a Python of the runtime's version, and prints the packages' sizes (local.invoke.build)."""

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
# The limit of a function's unzipped package. Lambda's own limit is 250 MB.
MAX_PACKAGE_BYTES = 110_000_000
FUNCTION = "AWS::Serverless::Function"
_CHECK = "import pip, sys; sys.exit('python%d.%d' % sys.version_info[:2] != sys.argv[1])"


def build_packages(
    cwd: Path = sam.ROOT, template: Path = TEMPLATE, parameters: Mapping[str, str] | None = None
) -> Path:
    """Build the functions in `cwd`/.aws-sam, and return the path of the built template.

    Raises CannotRunError and SamCliError.
    """
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
    """Read the functions' runtime from the template, such as python3.13."""
    return str(yaml_parse(template.read_text(encoding="utf-8"))["Globals"]["Function"]["Runtime"])


def find_python_variables(name: str) -> dict[str, str] | None:
    """Return the environment variables with which the command `name` (python3.13) runs that Python, with pip.

    Returns None if the PATH, where SAM CLI looks, has no such Python. A command of pyenv runs only if a variable
    chooses its version.
    """
    found = shutil.which(name)
    for variables in ({}, {"PYENV_VERSION": name.removeprefix("python")}):
        if found and _is_python(found, name, variables):
            return variables
    return None


def _check_container(runtime: str, architecture: str) -> None:
    if architecture != engine.machine_architecture():
        raise CannotRunError(
            f"There is no {runtime} with pip on the PATH, and a container here builds for "
            f"{engine.machine_architecture()} alone. Install {runtime} to build for {architecture}, or build on a "
            f"machine with that processor"
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
    """Return the folder of each function's package, by logical id."""
    resources = yaml_parse(built.read_text(encoding="utf-8"))["Resources"]
    return {name: built.parent / r["Properties"]["CodeUri"] for name, r in resources.items() if r["Type"] == FUNCTION}


def measure_size(package: Path) -> int:
    """Return the size of the unzipped package in bytes."""
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def _read_parameters(architecture: str) -> dict[str, str]:
    """Return the parameters of the build: none, for the template's default, if `architecture` is "".

    Raises CannotRunError if the template does not allow the architecture.
    """
    known = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]["Architecture"]["AllowedValues"]
    if architecture and architecture not in known:
        raise CannotRunError(f"ARCHITECTURE={architecture}: give {' or '.join(known)}")
    return {"Architecture": architecture} if architecture else {}


def measure_sizes(built: Path) -> dict[str, int]:
    """Return the size of each function's unzipped package in bytes, by logical id."""
    return {name: measure_size(folder) for name, folder in find_packages(built).items()}


def main() -> int:
    """Return the exit code: 0 if every package is small enough, 1 if one is not, 2 if the build failed."""
    try:
        found = measure_sizes(build_packages(parameters=_read_parameters(os.environ.get("ARCHITECTURE", ""))))
    except (CannotRunError, SamCliError) as error:
        print(error, file=sys.stderr)
        return 2
    for name, size in found.items():
        print(f"{name}: {size / 1e6:.1f} MB unzipped (at most {MAX_PACKAGE_BYTES / 1e6:.0f} MB)")
    return int(any(size > MAX_PACKAGE_BYTES for size in found.values()))


if __name__ == "__main__":
    sys.exit(main())
