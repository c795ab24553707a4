"""`make up LAMBDA=sam`: uploads of any S3 client run in containers, and no container is left at the end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import boto3
import pytest

from local.invoke import cases, engine, sam
from local.invoke.containers import check_machine
from local.invoke.errors import CannotRunError
from local.invoke.run import ContainerCloud
from local.invoke.sam import ROOT
from tests.sam.conftest import skip_or_fail
from tests.support.waiting import wait_until

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    "LAMBDA": "sam",
    "RATE": "50",
    "PORT": "0",
}
START_SECONDS, RESULT_SECONDS, END_SECONDS = 90.0, 60.0, 40.0


def list_containers(folder: Path) -> set[str]:
    """Return the containers that run what was built below the folder. Tests beside this one have their own."""
    names = run_docker("ps", "-aq", "--filter", f"network={engine.NETWORK}").split()
    return {name for name in names if f"{folder}/" in run_docker("inspect", "--format", "{{json .Mounts}}", name)}


def run_docker(*words: str) -> str:
    """Return what a command prints; nothing where a container ended before it."""
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False).stdout  # noqa: S603, S607


def invoke_by_hand(folder: Path) -> Any:
    """Run `sam local invoke` with the environment `local` beside the running cloud, and return its answer."""
    copy(ROOT / "samconfig.toml", folder)
    (folder / "nothing.json").write_text('{"Records": []}', encoding="utf-8")
    words = ("local", "invoke", cases.ON_RETRY, "--config-env", "local", "--event", "nothing.json")
    return json.loads(sam.run_sam_cli(*words, cwd=folder).out.strip().rpartition("\n")[2])


@pytest.fixture
def up(built: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run `make up LAMBDA=sam` in a new folder, with the existing build and a picture to match."""
    try:
        check_machine()
    except CannotRunError as reason:
        skip_or_fail(reason)
    copytree(built.parents[1], tmp_path / "build/local/sam/.aws-sam")
    (tmp_path / "list").mkdir()
    (tmp_path / "list/known.jpg").write_bytes(cases.make_listed_picture().content)
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "local.up"],
        cwd=tmp_path,
        env=ENVIRONMENT | {"TEST_LIST": str(tmp_path / "list")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=END_SECONDS)


def test_upload_runs_in_a_container_and_ctrl_c_removes_it(up: "subprocess.Popen[str]", tmp_path: Path) -> None:
    file = tmp_path / "build/local/endpoints.json"
    wait_until(lambda: file.exists() or up.poll() is not None, START_SECONDS)
    assert up.poll() is None, up.communicate()[0]
    endpoints = json.loads(file.read_text(encoding="utf-8"))
    where = {"endpoint_url": endpoints["aws_endpoint_url"], "region_name": endpoints["region"]}
    outside = boto3.session.Session("any", "thing")
    s3 = outside.client("s3", **where)
    for content in ("clean", "near"):
        with cases.make_picture(content, content).open() as stream:
            s3.put_object(Bucket=endpoints["upload_bucket"], Key=f"{content} 1.jpg", Body=stream.read())
    table: Any = outside.resource("dynamodb", **where).Table(endpoints["results_table"])

    def settled() -> dict[str, str]:
        found = {item["upload"].rpartition("/")[2]: item["status"] for item in table.scan()["Items"]}
        return found if not {"PENDING", "DEFERRED", "MATCHED"} & set(found.values()) and len(found) == 2 else {}

    assert wait_until(settled, RESULT_SECONDS) == {"clean 1.jpg": "CLEAN", "near 1.jpg": "QUARANTINED"}
    log = (tmp_path / "build/local/sam/start-lambda.log").read_text(encoding="utf-8")
    assert "REPORT RequestId" in log, "no container ran the function"
    assert "X-Amz-Signature" not in log
    assert list_containers(tmp_path)
    assert invoke_by_hand(tmp_path) == cases.ANSWERS[cases.ON_RETRY]

    up.send_signal(signal.SIGINT)
    output, _ = up.communicate(timeout=END_SECONDS)
    assert (up.returncode, "Traceback" in output) == (0, False), output
    assert not list_containers(tmp_path)
    assert not file.exists()


OWNER = """
import sys
from pathlib import Path
import boto3
from local.invoke.start_lambda import start_lambda

folder = Path(sys.argv[1])
with start_lambda(folder, folder / "killed.out") as endpoint:
    session = boto3.session.Session("any", "thing", region_name="us-east-1")
    functions = session.client("lambda", endpoint_url=endpoint)
    answer = functions.invoke(FunctionName=sys.argv[2], Payload=b'{"Records": []}')
    print(answer["Payload"].read().decode(), flush=True)
    sys.stdin.read()
"""


def test_killed_owner_leaves_no_container(containers: ContainerCloud) -> None:
    before = list_containers(containers.folder)
    argv = [sys.executable, "-c", OWNER, str(containers.folder), cases.ON_RETRY]
    with subprocess.Popen(  # noqa: S603
        argv, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        assert json.loads(owner.stdout.readline()) == cases.ANSWERS[cases.ON_RETRY]
        started = list_containers(containers.folder) - before
        assert started
        owner.kill()
    wait_until(lambda: not list_containers(containers.folder) & started, END_SECONDS)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("", "There is no docker on the PATH"), ("refusing", "No Docker engine answers (Cannot connect")],
)
def test_up_without_docker_names_the_reason(tmp_path: Path, path: str, reason: str) -> None:
    docker = tmp_path / "refusing/docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the engine' >&2\nexit 1\n", encoding="utf-8")
    docker.chmod(0o755)
    up = subprocess.run(
        [sys.executable, "-m", "local.up"],
        cwd=tmp_path,
        env=ENVIRONMENT | {"PATH": f"{tmp_path / path}:/bin" if path else str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert up.returncode == 1
    assert up.stderr.startswith("make up: ")
    assert reason in up.stderr
    assert "Traceback" not in up.stderr


def test_unknown_value_of_lambda_is_refused(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "local.up"]
    up = subprocess.run(  # noqa: S603
        argv, cwd=tmp_path, env=ENVIRONMENT | {"LAMBDA": "docker"}, capture_output=True, text=True, check=False
    )
    assert (up.returncode, up.stderr.partition(":")[0]) == (1, "make up")
    assert "LAMBDA=docker: give sam" in up.stderr
