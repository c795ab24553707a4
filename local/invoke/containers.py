"""The embedded cloud with its functions in containers: what this machine needs for it, and the cloud (`make up`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.aws import EmbeddedCloud
from local.invoke import build, engine, invocation, local_template
from local.invoke.start_lambda import start_lambda

LOG = "start-lambda.log"


def check() -> str:
    """The address at which containers reach this machine. Raises NotPossible where it can run none."""
    engine.check()
    engine.have_image(engine.base_image(build.runtime(build.TEMPLATE)))
    return engine.gateway()


def prepared(folder: Path) -> tuple[str, Path]:
    """The address at which containers reach this machine, and the built template. Raises NotPossible and SamFailed."""
    host = check()
    folder.mkdir(parents=True, exist_ok=True)
    return host, build.build(folder, parameters={"Architecture": engine.architecture()})


def hand_over(cloud: EmbeddedCloud, built: Path, folder: Path) -> None:
    """Writes what SAM CLI is given to run the functions of the built template for that cloud."""
    local_template.write(built, folder / invocation.TEMPLATE)
    local_template.write_variables(cloud, built, folder / invocation.VARIABLES)


@contextmanager
def cloud_in_containers(folder: Path, **arguments: Any) -> Iterator[EmbeddedCloud]:
    """An EmbeddedCloud with these arguments, whose functions run in containers (`sam local start-lambda`).

    `folder` gets the build, what SAM CLI is given, and the containers' log. Raises NotPossible and SamFailed where
    this machine cannot, and what EmbeddedCloud raises.
    """
    host, built = prepared(folder)
    with EmbeddedCloud(host=host, run_functions=False, **arguments) as cloud:
        hand_over(cloud, built, folder)
        with start_lambda(folder, folder / LOG) as endpoint:
            cloud.start_functions(endpoint)
            yield cloud
