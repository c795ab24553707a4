"""`make deploy`: what is told to SAM CLI, and when nothing is. A program of the test's own stands for SAM CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns

import pytest

from local.invoke.sam import ROOT

# It writes down how it was called, and builds as much as is looked at.
SAM = f"""#!{sys.executable}
import json, os, pathlib, sys
here = pathlib.Path(os.environ["TOLD"])
with here.open("a") as told:
    mine = {{name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID",) if name in os.environ}}
    told.write(json.dumps({{"argv": sys.argv[1:], "cwd": os.getcwd(), "account": mine}}) + "\\n")
if sys.argv[1] == "build":
    if os.environ.get("BROKEN"):
        sys.exit("Build Failed: no such dependency")
    package = pathlib.Path(".aws-sam/build/One")
    package.mkdir(parents=True)
    (package / "one.py").write_bytes(b"#" * int(os.environ.get("SIZE", "1")))
    built = '{{"Resources": {{"One": {{"Type": "AWS::Serverless::Function", "Properties": {{"CodeUri": "One"}}}}}}}}'
    (package.parent / "template.yaml").write_text(built)
sys.exit(int(os.environ.get("ENDS", "0")) if sys.argv[1] == "deploy" else 0)
"""
ACCOUNT = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_DEFAULT_REGION": "eu-central-1"}

Make = Callable[..., "tuple[subprocess.CompletedProcess[str], list[dict[str, object]]]"]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Runs `make deploy` in a copy of the project; what was said, and how SAM CLI was called."""
    project, sam = tmp_path / "project", tmp_path / "sam"
    project.mkdir()
    for name in ("Makefile", "template.yaml", "samconfig.toml"):
        copy2(ROOT / name, project)
    for name in ("src", "local", "requirements"):
        copytree(ROOT / name, project / name, ignore=ignore_patterns("__pycache__"))
    (project / ".venv").symlink_to(ROOT / ".venv")
    sam.write_text(SAM, encoding="utf-8")
    sam.chmod(0o755)

    def make_(*arguments: str, **variables: str) -> "tuple[subprocess.CompletedProcess[str], list[dict[str, object]]]":
        told = tmp_path / "told"
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ENV", "MAKE"))}
        nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        off = {"AWS_EC2_METADATA_DISABLED": "true", "SAM_COMMAND": str(sam), "TOLD": str(told)}
        done = subprocess.run(  # noqa: S603
            ["make", "-o", ".venv/.ready", "deploy", *arguments],  # noqa: S607
            cwd=project,
            env=ours | nowhere | off | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
        return done, [json.loads(line) for line in lines]

    return make_


def test_an_environment_is_built_and_then_deployed_with_the_users_account(make: Make, tmp_path: Path) -> None:
    done, (build, deploy) = make("ENV=staging", **ACCOUNT)
    assert done.returncode == 0, done.stderr
    assert build["argv"][0] == "build"  # type: ignore[index]
    assert build["account"] == {}, "a build asks no account for anything"
    assert deploy["argv"] == ["deploy", "--config-env", "staging"]
    assert deploy["account"] == {"AWS_ACCESS_KEY_ID": "mine"}
    assert deploy["cwd"] == str(tmp_path / "project"), "where samconfig.toml and the build are"


def test_without_an_environment_sam_cli_asks_for_each_parameter(make: Make) -> None:
    done, told = make(**ACCOUNT)
    assert done.returncode == 0, done.stderr
    assert [one["argv"] for one in told][-1] == ["deploy", "--guided"]


def test_the_build_is_for_the_processor_that_is_deployed(make: Make, tmp_path: Path) -> None:
    config = tmp_path / "project/samconfig.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"Mode=enforce",', '"Mode=enforce",\n  "Architecture=arm64",'), encoding="utf-8")
    _, (build, _) = make("ENV=prod", **ACCOUNT)
    assert build["argv"][-2:] == ["--parameter-overrides", "Architecture=arm64"]  # type: ignore[index]


@pytest.mark.parametrize("name", ["qa", "local"])
def test_an_environment_that_nobody_has_set_up_is_refused(make: Make, name: str) -> None:
    done, told = make(f"ENV={name}", **ACCOUNT)
    assert done.returncode != 0
    assert f"make deploy: ENV={name}: samconfig.toml deploys no environment of that name. It has prod, staging" in (
        done.stderr
    )
    assert told == []


@pytest.mark.parametrize(
    ("account", "lacking"),
    [({}, "No AWS credentials and no region found"), ({**ACCOUNT, "AWS_DEFAULT_REGION": ""}, "No AWS region found")],
)
def test_without_an_account_nothing_is_built_and_it_is_said_what_to_set(
    make: Make, account: dict[str, str], lacking: str
) -> None:
    done, told = make("ENV=staging", **account)
    assert done.returncode != 0
    assert lacking in done.stderr
    assert "AWS_PROFILE" in done.stderr
    assert "Traceback" not in done.stderr
    assert told == []


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"BROKEN": "1"}, "no such dependency"), ({"SIZE": "60000001"}, "One: larger than 60 MB unzipped, not deployed")],
)
def test_a_build_that_fails_or_is_too_large_is_not_deployed(make: Make, how: dict[str, str], reason: str) -> None:
    done, told = make("ENV=prod", **ACCOUNT, **how)
    assert done.returncode != 0
    assert reason in done.stderr
    assert [one["argv"][0] for one in told] == ["build"]  # type: ignore[index]


def test_a_deployment_that_fails_fails_make(make: Make) -> None:
    done, told = make("ENV=staging", ENDS="1", **ACCOUNT)
    assert (done.returncode != 0, len(told)) == (True, 2)
