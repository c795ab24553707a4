"""The packages of `sam build`: the functions and their locked dependencies, and nothing else."""

import re
import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path
from shutil import copy

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.invoke import build, engine
from local.invoke.errors import CannotRunError, SamCliError
from local.invoke.sam import ROOT
from tests.sam.conftest import skip_or_fail

SOURCE = ROOT / "src"
LOCK = SOURCE / "requirements.txt"
MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}
OTHER = {"x86_64": "arm64", "arm64": "x86_64"}
IN_LAMBDA = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}


def read_lock() -> dict[str, str]:
    """Return the version of each dependency that the lock has for Lambda, by name."""
    lines = [line.rstrip("\\ ") for line in LOCK.read_text(encoding="utf-8").splitlines() if line[:1].isalnum()]
    wanted = [one for one in map(Requirement, lines) if not one.marker or one.marker.evaluate(dict(IN_LAMBDA))]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in wanted}


@pytest.fixture(params=["OnUploadFunction", "OnRetryFunction"])
def package(built: Path, request: pytest.FixtureRequest) -> Path:
    return build.find_packages(built)[request.param]


def find_distributions(package: Path) -> list[PathDistribution]:
    return [PathDistribution(info) for info in package.glob("*.dist-info")]


def test_every_function_has_a_package(built: Path) -> None:
    assert set(build.find_packages(built)) == {
        "OnUploadFunction",
        "OnRetryFunction",
        "OnBackfillFunction",
        "OnSweepFunction",
        "OnReconcileFunction",
        "OnCanaryFunction",
        "OnFeedFunction",
    }


def test_package_holds_exactly_the_locked_dependencies(package: Path) -> None:
    assert {canonicalize_name(one.name): one.version for one in find_distributions(package)} == read_lock()


def test_package_holds_the_source_unchanged(package: Path) -> None:
    def files(folder: Path) -> dict[str, bytes]:
        wanted = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {str(path.relative_to(folder)): path.read_bytes() for path in wanted}

    assert files(package / "photodna_guard") == files(SOURCE / "photodna_guard")


def test_package_holds_only_source_dependencies_and_lock(package: Path) -> None:
    known = {"photodna_guard", "requirements.txt"}
    for one in find_distributions(package):
        known |= {file.parts[0] for file in one.files or [] if file.parts[0] != ".."}
        known |= {f"{one.name}-{one.version}.{kind}" for kind in ("dist-info", "data")}
        known |= {f"{one.name.replace('-', '_')}-{one.version}.{kind}" for kind in ("dist-info", "data")}
    assert {path.name for path in package.iterdir()} - known == set()


def test_package_holds_no_compiled_python(package: Path) -> None:
    assert list(package.rglob("*.pyc")) == []


def test_compiled_modules_fit_lambdas_processor_and_python(package: Path) -> None:
    processor = MACHINE[engine.machine_architecture()]
    names = [path.name for path in package.rglob("*.so")]
    assert names
    assert [name for name in names if not name.endswith((f".cpython-313-{processor}-linux-gnu.so", ".abi3.so"))] == []


def test_package_is_small_enough(package: Path) -> None:
    assert 1_000_000 < build.measure_size(package) < build.MAX_PACKAGE_BYTES


def test_every_dependency_is_locked_with_its_hash() -> None:
    entries = re.split(r"\n(?=\w)", LOCK.read_text(encoding="utf-8").strip())
    assert len(entries) > 5
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_dependency_with_a_wrong_hash_stops_the_build(built: Path, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    six = re.search(r"^six==\S+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert six
    (source / "requirements.txt").write_text(f"{six[0]} --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    copy(build.TEMPLATE, tmp_path)
    with pytest.raises(SamCliError, match=r"sam build failed(.|\n)*(HASH|hash)"):
        build.build_packages(tmp_path, tmp_path / build.TEMPLATE.name)


def test_package_for_the_other_processor_is_built_here(built: Path, tmp_path: Path) -> None:
    if build.find_python_variables(build.read_runtime(build.TEMPLATE)) is None:
        skip_or_fail(
            CannotRunError(
                f"There is no {build.read_runtime(build.TEMPLATE)} on the PATH to build for another processor"
            )
        )
    other = OTHER[engine.machine_architecture()]
    package = build.find_packages(build.build_packages(tmp_path, parameters={"Architecture": other}))[
        "OnUploadFunction"
    ]
    names = [path.name for path in package.rglob("*.so") if ".abi3." not in path.name]
    assert names
    assert [name for name in names if not name.endswith(f"-{MACHINE[other]}-linux-gnu.so")] == []


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        ("arm", "ARCHITECTURE=arm: give x86_64 or arm64"),
        (OTHER[engine.machine_architecture()], f"a container here builds for {engine.machine_architecture()} alone"),
    ],
)
def test_architecture_that_cannot_be_built_is_reported(tmp_path: Path, architecture: str, reason: str) -> None:
    """The second architecture also needs a Python of the runtime's version, which is missing from this PATH."""
    done = subprocess.run(
        [sys.executable, "-m", "local.invoke.build"],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "PYTHONPATH": f"{SOURCE}:{ROOT}", "ARCHITECTURE": architecture},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, reason in done.stderr) == (2, True), done.stderr
