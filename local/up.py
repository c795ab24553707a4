"""Keeps the embedded cloud running in the foreground (`make up`), until Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from local.aws.concurrency import DEFAULT_CONCURRENCY
from local.invoke.errors import CannotRunError, SamCliError
from local.stack import EmbeddedCloud, Endpoints
from photodna_guard.settings import parse_match_endpoint

BUILD = Path("build/local")
ENDPOINTS = BUILD / "endpoints.json"
EXAMPLE = Path("holiday.jpg")
# A scan for new results takes moto's time away from the functions: a twentieth of it at most.
MIN_SCAN_INTERVAL_SECONDS, MAX_SCAN_SHARE = 1.0, 0.05


def runs_in_containers(environ: dict[str, str]) -> bool:
    """Tell whether LAMBDA asks for containers. Raises CannotRunError for an unknown value."""
    if environ.get("LAMBDA", "") not in ("", "sam"):
        raise CannotRunError(f"LAMBDA={environ['LAMBDA']}: give sam for containers, or nothing for plain processes")
    return bool(environ.get("LAMBDA"))


def read_settings(environ: dict[str, str]) -> dict[str, Any]:
    """Read EmbeddedCloud's arguments from the variables that docs/local-development.md lists. Raises CannotRunError."""
    rate = _read_number(environ, "RATE", 10)
    if not 0.1 <= rate <= 1000:
        raise CannotRunError(f"RATE={environ['RATE']}: give requests a second, a number from 0.1 to 1000")
    concurrency = _read_number(environ, "CONCURRENCY", DEFAULT_CONCURRENCY)
    if not 1 <= concurrency <= 1000 or concurrency % 1:
        raise CannotRunError(f"CONCURRENCY={environ['CONCURRENCY']}: give executions at a time, 1 to 1000")
    test_list = Path(environ["TEST_LIST"]) if environ.get("TEST_LIST") else None
    if test_list is not None and not test_list.is_dir():
        raise CannotRunError(f"TEST_LIST={test_list}: give a folder of pictures for the emulator to match")
    given = {"rate": rate, "concurrency": int(concurrency), "test_list": test_list}
    return given | {"match_endpoint": _read_match_endpoint(environ), "parameters": _read_parameters(environ)}


def _read_parameters(environ: dict[str, str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in environ.get("PARAMETERS", "").split()]
    if not all(name and equals for name, equals, _ in pairs):
        raise CannotRunError(f"PARAMETERS={environ['PARAMETERS']}: give the template's, such as Workers=3 Mode=observe")
    return {name: value for name, _, value in pairs}


def _read_number(environ: dict[str, str], name: str, default: float) -> float:
    try:
        return float(environ.get(name) or default)
    except ValueError:
        return math.nan


def _read_match_endpoint(environ: dict[str, str]) -> str | None:
    given = environ.get("MATCH_ENDPOINT")
    try:
        return parse_match_endpoint(given, allow_http=True) if given else None
    except ValueError:
        wanted = "the URL of a Match operation, such as http://127.0.0.1:8080/photodna/v1.0/Match"
        raise CannotRunError(f"MATCH_ENDPOINT={given}: give {wanted}") from None


def check_not_running() -> None:
    """Check that no other cloud is running in this folder. A file that a killed run left behind is no obstacle.

    Raises CannotRunError.
    """
    try:
        url = urlparse(json.loads(ENDPOINTS.read_text(encoding="utf-8"))["aws_endpoint_url"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise CannotRunError(f"{ENDPOINTS} was not written by make up. Move it out of the way") from None
    with socket.socket() as probe:
        probe.settimeout(1.0)
        if probe.connect_ex((url.hostname or "127.0.0.1", url.port or 80)) == 0:
            raise CannotRunError(f"A cloud is running already, at {url.geturl()} (see {ENDPOINTS}). Stop it first")


@contextmanager
def endpoints_file(endpoints: Endpoints) -> Iterator[None]:
    """Write endpoints.json, in one step so that no reader sees half of it, and remove it at the end of the block."""
    part = ENDPOINTS.with_suffix(".part")
    part.write_text(json.dumps(asdict(endpoints), indent=2) + "\n", encoding="utf-8")
    part.replace(ENDPOINTS)
    try:
        yield
    finally:
        ENDPOINTS.unlink(missing_ok=True)


def start_cloud(containers: bool, **arguments: Any) -> AbstractContextManager[EmbeddedCloud]:
    """Start the embedded cloud, with its functions in processes or in containers."""
    if not containers:
        print("Starting the embedded cloud. This takes some seconds.", flush=True)
        return EmbeddedCloud(log_dir=BUILD / "logs", **arguments)
    from local.invoke.containers import cloud_in_containers

    print("Building the functions and starting the embedded cloud. This takes a minute at first.", flush=True)
    return cloud_in_containers(BUILD / "sam", log_dir=BUILD / "logs", **arguments)


def format_introduction(at: Endpoints, log: Path) -> str:
    """Format the text that says how to upload, and where the results and the logs are."""
    return f"""
The embedded cloud is running: an emulation of S3, SQS, DynamoDB and Lambda, and of the Match operation.

  endpoint   {at.aws_endpoint_url}     (any credentials, region {at.region})
  upload to  {at.upload_bucket}
  results    {at.results_table}
  Match      {at.match_endpoint}

Upload with the AWS CLI:
  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION={at.region} \\
    aws s3 cp --endpoint-url {at.aws_endpoint_url} {EXAMPLE} s3://{at.upload_bucket}/

or with Python:
  import boto3
  s3 = boto3.client("s3", endpoint_url="{at.aws_endpoint_url}", region_name="{at.region}",
                    aws_access_key_id="any", aws_secret_access_key="any")
  s3.upload_file("{EXAMPLE}", "{at.upload_bucket}", "{EXAMPLE}")

Look at the results with:
  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION={at.region} \\
    aws dynamodb scan --endpoint-url {at.aws_endpoint_url} --table-name {at.results_table}

{ENDPOINTS} has these values for programs. The functions log to {log}. Ctrl-C stops the cloud.
Each upload is printed here when it is settled or has to wait:
"""


def print_results(cloud: EmbeddedCloud) -> None:
    """Print a line for each upload that is settled or has to wait, with the reason. Never returns."""
    shown: set[tuple[str, ...]] = set()
    pages = cloud.client("dynamodb").get_paginator("scan")
    while True:
        started = time.monotonic()
        for page in pages.paginate(TableName=cloud.endpoints.results_table):
            for item in page["Items"]:
                state = tuple(item[name]["S"] for name in ("upload", "version", "status"))
                if state not in shown and item["status"]["S"] != "PENDING":
                    shown.add(state)
                    print(format_result(item), flush=True)
        time.sleep(max(MIN_SCAN_INTERVAL_SECONDS, (time.monotonic() - started) / MAX_SCAN_SHARE))


def format_result(item: dict[str, Any]) -> str:
    """Format one item of the results table as a line: its time, status, key and reason."""
    text = {name: next(iter(value.values())) for name, value in item.items()}
    key = text["upload"].partition("/")[2]
    return "  ".join(
        filter(None, [text.get("settled_at") or text["received_at"], f"{text['status']:<12}", key, text.get("reason")])
    )


def _exit(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def main() -> None:
    """Run the cloud until a signal ends it. An error ends the command with one line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)
    try:
        arguments, containers = read_settings(dict(os.environ)), runs_in_containers(dict(os.environ))
        BUILD.mkdir(parents=True, exist_ok=True)
        check_not_running()
        with start_cloud(containers, **arguments) as cloud, endpoints_file(cloud.endpoints):
            log = BUILD / "sam/start-lambda.log" if containers else BUILD / "logs"
            print(format_introduction(cloud.endpoints, log), flush=True)
            print_results(cloud)
    except (CannotRunError, SamCliError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"make up: {error}")


if __name__ == "__main__":
    main()
