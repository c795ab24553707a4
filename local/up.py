"""Keeps the embedded cloud running in the foreground (`make up`), until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from local.invoke.errors import CannotRunError, SamCliError
from local.stack import EmbeddedCloud, Endpoints
from local.up_files import BUILD, ENDPOINTS, ENVIRONMENT, endpoint_files
from local.up_port import DEFAULT_PORT, choose_port
from local.up_settings import read_settings, runs_in_containers

EXAMPLE = Path("holiday.jpg")
# A scan for new results takes moto's time away from the functions: a twentieth of it at most.
MIN_SCAN_INTERVAL_SECONDS, MAX_SCAN_SHARE = 1.0, 0.05


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

or with the variables of {ENVIRONMENT} in bash or zsh, which the AWS CLI v2 and later v1 read:
  set -a; . {ENVIRONMENT}; set +a
  aws s3 cp {EXAMPLE} s3://$UPLOAD_BUCKET/

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


def _read_makeflags() -> str:
    parser = argparse.ArgumentParser(prog="python -m local.up", description=__doc__)
    parser.add_argument("--makeflags", default="", help="make's MAKEFLAGS, with the variables of its command line")
    return str(parser.parse_args().makeflags)


def main() -> None:
    """Run the cloud until a signal ends it. An error ends the command with one line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)
    try:
        environ = dict(os.environ)
        arguments, containers = read_settings(environ, _read_makeflags()), runs_in_containers(environ)
        BUILD.mkdir(parents=True, exist_ok=True)
        check_not_running()
        # Containers reach the cloud at another address than loopback, which is not known before the engine answers.
        arguments["port"] = choose_port(environ, "" if containers else "127.0.0.1")
        if not arguments["port"] and not environ.get("PORT"):
            print(f"Port {DEFAULT_PORT} is taken, so a free one is used. PORT= chooses another.", flush=True)
        with start_cloud(containers, **arguments) as cloud, endpoint_files(cloud.endpoints):
            log = BUILD / "sam/start-lambda.log" if containers else BUILD / "logs"
            print(format_introduction(cloud.endpoints, log), flush=True)
            print_results(cloud)
    except (CannotRunError, SamCliError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"make up: {error}")


if __name__ == "__main__":
    main()
