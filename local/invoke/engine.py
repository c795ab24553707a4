"""Checks the Docker engine, pulls Lambda's images, and creates the network of the project's containers."""

import platform
import shutil
import socket
import subprocess
from contextlib import closing

from local.invoke.errors import CannotRunError

NETWORK = "photodna-guard-local"
ANSWER_SECONDS = 20
PULL_SECONDS = 600
_LABEL = "project=photodna-guard"


def machine_architecture() -> str:
    """Return Lambda's name for this machine's processor. To emulate the other one takes minutes."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def base_image(runtime: str) -> str:
    """Return the image in which SAM CLI runs functions of that runtime, such as python3.13."""
    return f"public.ecr.aws/lambda/python:{runtime.removeprefix('python')}-{machine_architecture()}"


def build_image(runtime: str) -> str:
    """Return the image in which SAM CLI builds packages if this machine has no Python of that version."""
    return f"public.ecr.aws/sam/build-{runtime}:latest-{machine_architecture()}"


def check_engine() -> None:
    """Check that an engine answers. Raises CannotRunError."""
    answer = _run_docker("version", "--format", "{{.Server.Version}}")
    if answer.returncode != 0:
        raise CannotRunError(f"No Docker engine answers ({_read_last_line(answer)}). Start it")


def ensure_image(image: str) -> None:
    """Pull the image unless it is here already. Raises CannotRunError if it cannot be pulled."""
    if _run_docker("image", "inspect", image).returncode == 0:
        return
    answer = _run_docker("pull", "--quiet", image, seconds=PULL_SECONDS)
    if answer.returncode != 0:
        raise CannotRunError(
            f"The image {image} is not on this machine and cannot be pulled ({_read_last_line(answer)}). "
            "Check the connection to its registry"
        )


def find_gateway() -> str:
    """Return this machine's address in the project's network, and create the network if it is missing.

    The network is not removed, because other runs may use it. Raises CannotRunError if the address is not this
    machine's own, for example if the engine runs in a virtual machine: no container reaches the embedded cloud then.
    """
    find = ("network", "inspect", NETWORK, "--format", "{{(index .IPAM.Config 0).Gateway}}")
    if _run_docker(*find).returncode != 0:
        # The result is not checked: if another run was faster, the creation fails and the network is there.
        _run_docker("network", "create", "--label", _LABEL, NETWORK)
    answer = _run_docker(*find)
    if answer.returncode != 0:
        raise CannotRunError(
            f"The Docker network {NETWORK} cannot be created ({_read_last_line(answer)}). Check the Docker engine"
        )
    address = answer.stdout.strip()
    if not _is_ours(address):
        raise CannotRunError(
            f"The Docker network's address {address} is not one of this machine, so no container reaches the embedded "
            "cloud. The engine runs in a virtual machine or on another host; use one that runs on this host"
        )
    return address


def _is_ours(address: str) -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _run_docker(*arguments: str, seconds: float = ANSWER_SECONDS) -> subprocess.CompletedProcess[str]:
    docker = shutil.which("docker")
    if docker is None:
        raise CannotRunError("There is no docker on the PATH. Install Docker, and start its engine")
    try:
        return subprocess.run([docker, *arguments], capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise CannotRunError(
            f"docker {arguments[0]} gave no answer within {seconds:g} s. Check the Docker engine"
        ) from None


def _read_last_line(answer: subprocess.CompletedProcess[str]) -> str:
    said = (answer.stderr or answer.stdout).strip().splitlines()
    return said[-1].strip() if said else f"exit status {answer.returncode}"
