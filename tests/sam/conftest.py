"""The fixtures of the container tests: one `sam build`, and one run of all events in containers."""

import compileall
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.invoke import build, cases, engine
from local.invoke.errors import CannotRunError
from local.invoke.run import ContainerCloud, InvocationResult, run_events, start_container_cloud
from local.invoke.sam import ROOT


def skip_or_fail(reason: CannotRunError) -> None:
    """Skip the test, or fail it if SAM_LOCAL=required says that this machine has all prerequisites."""
    if os.environ.get("SAM_LOCAL") == "required":
        pytest.fail(str(reason))
    pytest.skip(str(reason))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sam")


@pytest.fixture(scope="session")
def built(folder: Path) -> Path:
    # The sources have compiled files, as after any run, so that test_package.py can show that no package has them.
    compileall.compile_dir(ROOT / "src", quiet=1)
    try:
        return build.build_packages(folder, parameters={"Architecture": engine.machine_architecture()})
    except CannotRunError as reason:
        skip_or_fail(reason)
        raise


@pytest.fixture(scope="session")
def containers(folder: Path) -> Iterator[ContainerCloud]:
    opened = start_container_cloud(folder)
    try:
        here = opened.__enter__()
    except CannotRunError as reason:
        skip_or_fail(reason)
        raise
    yield here
    opened.__exit__(None, None, None)


@pytest.fixture(scope="session")
def invoked(containers: ContainerCloud) -> dict[str, InvocationResult]:
    """Return the result of each sample event."""
    return {one.event: one for one in run_events(containers, [ROOT / "events" / name for name in cases.CASES])}
