"""Runs the embedded cloud with its functions in containers, and checks what this machine needs for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.invoke import build, engine, invocation, local_template
from local.invoke.start_lambda import start_lambda
from local.stack import EmbeddedCloud

LOG = "start-lambda.log"


def check_machine() -> str:
    """Return the address at which containers reach this machine. Raises CannotRunError if it can run none."""
    engine.check_engine()
    engine.ensure_image(engine.base_image(build.read_runtime(build.TEMPLATE)))
    return engine.find_gateway()


def prepare(folder: Path) -> tuple[str, Path]:
    """Check the machine, and build. Return the address at which containers reach this machine, and the template.

    Raises CannotRunError and SamCliError.
    """
    host = check_machine()
    folder.mkdir(parents=True, exist_ok=True)
    return host, build.build_packages(folder, parameters={"Architecture": engine.machine_architecture()})


def write_sam_inputs(cloud: EmbeddedCloud, built: Path, folder: Path) -> None:
    """Write the files with which SAM CLI runs the built functions for that cloud: the template and the variables."""
    local_template.write_template(built, folder / invocation.TEMPLATE)
    local_template.write_variables(cloud, built, folder / invocation.VARIABLES)


@contextmanager
def cloud_in_containers(folder: Path, **arguments: Any) -> Iterator[EmbeddedCloud]:
    """Run an EmbeddedCloud with these arguments, and its functions in containers (`sam local start-lambda`).

    The build, SAM CLI's files and the containers' log are written to `folder`. Raises CannotRunError, SamCliError and
    the errors of EmbeddedCloud.
    """
    host, built = prepare(folder)
    with EmbeddedCloud(host=host, run_functions=False, **arguments) as cloud:
        write_sam_inputs(cloud, built, folder)
        with start_lambda(folder, folder / LOG) as endpoint:
            cloud.start_functions(endpoint)
            yield cloud
