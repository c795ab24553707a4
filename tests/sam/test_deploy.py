"""`make deploy`: the calls of SAM CLI, which a fake replaces here, and the errors before any call."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns
from typing import Any

import pytest

from local.invoke import build
from local.invoke.concurrency import describe_shortage
from local.invoke.sam import ROOT
from tests.aws.http_server import running_server

# The fake records its calls, and builds the least that `make deploy` reads.
SAM = f"""#!{sys.executable}
import json, os, pathlib, sys
here = pathlib.Path(os.environ["CALLS"])
with here.open("a") as calls:
    mine = {{name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID",) if name in os.environ}}
    calls.write(json.dumps({{"argv": sys.argv[1:], "cwd": os.getcwd(), "account": mine}}) + "\\n")
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
# Nothing listens there, so that the account says nothing of its concurrency.
SILENT = {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:9"}
ACCOUNT = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_DEFAULT_REGION": "eu-central-1"}

Make = Callable[..., "tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]"]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that runs `make deploy` in a copy of the project: its output, and the calls of SAM CLI."""
    project, sam = tmp_path / "project", tmp_path / "sam"
    project.mkdir()
    for name in ("Makefile", "template.yaml", "samconfig.toml"):
        copy2(ROOT / name, project)
    for name in ("src", "local", "requirements"):
        copytree(ROOT / name, project / name, ignore=ignore_patterns("__pycache__"))
    (project / ".venv").symlink_to(ROOT / ".venv")
    sam.write_text(SAM, encoding="utf-8")
    sam.chmod(0o755)

    def make_(*arguments: str, **variables: str) -> "tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]":
        calls = tmp_path / "calls"
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ENV", "MAKE"))}
        nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        off = {"AWS_EC2_METADATA_DISABLED": "true", "SAM_COMMAND": str(sam), "CALLS": str(calls)}
        done = subprocess.run(  # noqa: S603
            ["make", "-o", ".venv/.ready", "deploy", *arguments],  # noqa: S607
            cwd=project,
            env=ours | nowhere | off | SILENT | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
        return done, [json.loads(line) for line in lines]

    return make_


def test_environment_is_built_and_deployed_with_the_users_account(make: Make, tmp_path: Path) -> None:
    done, (build, deploy) = make("ENV=staging", **ACCOUNT)
    assert done.returncode == 0, done.stderr
    assert build["argv"][0] == "build"
    assert build["account"] == {}, "a build asks no account for anything"
    assert deploy["argv"] == ["deploy", "--config-env", "staging"]
    assert deploy["account"] == {"AWS_ACCESS_KEY_ID": "mine"}
    assert deploy["cwd"] == str(tmp_path / "project"), "where samconfig.toml and the build are"


def test_deployment_without_an_environment_is_guided(make: Make) -> None:
    done, calls = make(**ACCOUNT)
    assert done.returncode == 0, done.stderr
    assert [one["argv"] for one in calls][-1] == ["deploy", "--guided"]


def test_build_uses_the_architecture_of_the_environment(make: Make, tmp_path: Path) -> None:
    config = tmp_path / "project/samconfig.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"Mode=enforce",', '"Mode=enforce",\n  "Architecture=arm64",'), encoding="utf-8")
    _, (build, _) = make("ENV=prod", **ACCOUNT)
    assert build["argv"][-2:] == ["--parameter-overrides", "Architecture=arm64"]


@pytest.mark.parametrize("name", ["qa", "local"])
def test_unknown_environment_is_refused(make: Make, name: str) -> None:
    done, calls = make(f"ENV={name}", **ACCOUNT)
    assert done.returncode != 0
    assert f"make deploy: ENV={name}: samconfig.toml deploys no environment of that name. It has prod, staging" in (
        done.stderr
    )
    assert calls == []


@pytest.mark.parametrize(
    ("account", "lacking"),
    [({}, "No AWS credentials and no region found"), ({**ACCOUNT, "AWS_DEFAULT_REGION": ""}, "No AWS region found")],
)
def test_missing_account_is_reported_before_the_build(make: Make, account: dict[str, str], lacking: str) -> None:
    done, calls = make("ENV=staging", **account)
    assert done.returncode != 0
    assert lacking in done.stderr
    assert "AWS_PROFILE" in done.stderr
    assert "Traceback" not in done.stderr
    assert calls == []


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"BROKEN": "1"}, "no such dependency"),
        ({"SIZE": str(build.MAX_PACKAGE_BYTES + 1)}, "One: larger than 110 MB unzipped, not deployed"),
    ],
)
def test_failed_or_too_large_build_is_not_deployed(make: Make, how: dict[str, str], reason: str) -> None:
    done, calls = make("ENV=prod", **ACCOUNT, **how)
    assert done.returncode != 0
    assert reason in done.stderr
    assert [one["argv"][0] for one in calls] == ["build"]


def test_failed_deployment_fails_make(make: Make) -> None:
    done, calls = make("ENV=staging", ENDS="1", **ACCOUNT)
    assert (done.returncode != 0, len(calls)) == (True, 2)


def test_small_concurrency_is_reported_and_deployed_all_the_same(make: Make) -> None:
    with running_server() as server:
        server.respond(200, json.dumps({"AccountLimit": {"ConcurrentExecutions": 10}}).encode())
        done, calls = make("ENV=staging", **ACCOUNT, AWS_ENDPOINT_URL_LAMBDA=server.url)
    assert "at most 10 executions" in done.stderr
    assert "deploy with Workers=3 until then" in done.stderr
    assert (done.returncode, len(calls)) == (0, 2)


@pytest.mark.parametrize(
    ("limit", "workers", "said"), [(16, 6, ""), (1000, 6, ""), (15, 6, "Workers=5"), (7, 2, "Ask")]
)
def test_concurrency_is_short_if_uploads_are_left_too_little(limit: int, workers: int, said: str) -> None:
    shortage = describe_shortage(limit, workers)
    assert said in shortage
    assert bool(shortage) == bool(said)
