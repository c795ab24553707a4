"""Builds, then runs `sam deploy` (python -m local.invoke.deploy [ENV]): an environment of samconfig.toml, or guided."""

import os
import shlex
import subprocess
import sys
import tomllib
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError
from samtranslator.yaml_helper import yaml_parse

from local.invoke import build, concurrency, sam
from local.invoke.errors import CannotRunError, SamCliError

CONFIG = sam.ROOT / "samconfig.toml"
GUIDED = "default"
_NO_ACCOUNT = (
    "No AWS {what} found. Set AWS_PROFILE (or AWS_DEFAULT_REGION for the region alone), or run `aws configure` or "
    "`aws sso login`. The SAM CLI reads the settings of the AWS CLI"
)


def read_environments() -> dict[str, Any]:
    """Read the settings of `sam deploy` from samconfig.toml, by environment."""
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    deployable = {name: commands["deploy"] for name, commands in config.items() if "deploy" in _as_commands(commands)}
    return {name: settings["parameters"] for name, settings in deployable.items()}


def _as_commands(environment: Any) -> dict[str, Any]:
    return environment if isinstance(environment, dict) else {}


def read_overrides(settings: dict[str, Any]) -> dict[str, str]:
    """Return the template's parameters from the settings of `sam deploy`, which are a list or one string."""
    given = settings.get("parameter_overrides", [])
    words = shlex.split(given) if isinstance(given, str) else given
    return dict(word.split("=", 1) for word in words)


def read_settings(name: str) -> dict[str, Any]:
    """Read the settings of one environment. Raises CannotRunError if there is none of that name."""
    known = read_environments()
    if name not in known:
        named = ", ".join(sorted(known.keys() - {GUIDED}))
        raise CannotRunError(f"ENV={name}: {CONFIG.name} deploys no environment of that name. It has {named}")
    settings: dict[str, Any] = known[name]
    return settings


def check_account(settings: dict[str, Any], guided: bool) -> None:
    """Check, without a call to AWS, that there are credentials and a region; a guided deployment asks for the region.

    Raises CannotRunError.
    """
    try:
        session = boto3.Session()
        lacking = [] if session.get_credentials() else ["credentials"]
        lacking += [] if guided or session.region_name or "region" in settings else ["region"]
    except BotoCoreError as error:
        raise CannotRunError(f"The AWS settings cannot be used: {error}") from error
    if lacking:
        raise CannotRunError(_NO_ACCOUNT.format(what=" and no ".join(lacking)))


def warn_of_concurrency(settings: dict[str, Any], parameters: dict[str, str]) -> None:
    """Say so if the account's concurrency leaves too little for fresh uploads. SAM CLI asks before it deploys."""
    limit = concurrency.read_limit(settings.get("region"))
    default = yaml_parse(build.TEMPLATE.read_text(encoding="utf-8"))["Parameters"]["Workers"]["Default"]
    if limit is not None and (said := concurrency.describe_shortage(limit, int(parameters.get("Workers", default)))):
        print(f"make deploy: {said}", file=sys.stderr)


def deploy(name: str | None) -> int:
    """Build and deploy, and return SAM CLI's exit code. After CannotRunError or SamCliError nothing was deployed."""
    settings = read_settings(name or GUIDED)
    check_account(settings, guided=name is None)
    parameters = read_overrides(settings)
    warn_of_concurrency(settings, parameters)
    built = build.build_packages(parameters={key: value for key, value in parameters.items() if key == "Architecture"})
    too_large = [function for function, size in build.measure_sizes(built).items() if size > build.MAX_PACKAGE_BYTES]
    if too_large:
        raise SamCliError(
            f"{', '.join(too_large)}: larger than {build.MAX_PACKAGE_BYTES / 1e6:.0f} MB unzipped, not deployed"
        )
    options = ["--config-env", name] if name else ["--guided"]
    # SAM CLI runs in the user's terminal and with the user's account, since it asks before it changes anything.
    return subprocess.run([sam.find_command(), "deploy", *options], cwd=sam.ROOT, check=False).returncode


def main() -> int:
    """Return SAM CLI's exit code, or 2 if nothing was deployed."""
    name = (sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ENV", "")).strip()
    try:
        return deploy(name or None)
    except (CannotRunError, SamCliError) as error:
        print(f"make deploy: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
