"""The embedded cloud with its functions in containers: what this machine needs for it, and the cloud (`make up`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.aws import EmbeddedCloud
from local.invoke import build, engine, invocation, local_template
from local.invoke.start_lambda import start_lambda

LOG = "start-lambda.log"


def check_machine() -> str:
    """The address at which containers reach this machine. Raises CannotRunError where it can run none."""
    engine.check_engine()
    engine.ensure_image(engine.base_image(build.read_runtime(build.TEMPLATE)))
    return engine.find_gateway()


def prepare(folder: Path) -> tuple[str, Path]:
    """The address at which containers reach this machine, and the built template. Raises CannotRunError and SamCliError."""
    host = check_machine()
    folder.mkdir(parents=True, exist_ok=True)
    return host, build.build_packages(folder, parameters={"Architecture": engine.machine_architecture()})


def write_sam_inputs(cloud: EmbeddedCloud, built: Path, folder: Path) -> None:
    """Writes what SAM CLI is given to run the functions of the built template for that cloud."""
    local_template.write_template(built, folder / invocation.TEMPLATE)
    local_template.write_variables(cloud, built, folder / invocation.VARIABLES)


@contextmanager
def cloud_in_containers(folder: Path, **arguments: Any) -> Iterator[EmbeddedCloud]:
    """An EmbeddedCloud with these arguments, whose functions run in containers (`sam local start-lambda`).

    `folder` gets the build, what SAM CLI is given, and the containers' log. Raises CannotRunError and SamCliError where
    this machine cannot, and what EmbeddedCloud raises.
    """
    host, built = prepare(folder)
    with EmbeddedCloud(host=host, run_functions=False, **arguments) as cloud:
        write_sam_inputs(cloud, built, folder)
        with start_lambda(folder, folder / LOG) as endpoint:
            cloud.start_functions(endpoint)
            yield cloud
