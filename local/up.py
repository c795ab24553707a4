"""Keeps the embedded cloud running in the foreground (`make up`), until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from local.console.monitor import Monitor
from local.console.results import ResultsFeed
from local.console.server import HOST, serve_console
from local.invoke.errors import CannotRunError, SamCliError
from local.stack import EmbeddedCloud
from local.up_files import BUILD, ENDPOINTS, endpoint_files
from local.up_introduction import format_introduction, format_result
from local.up_port import DEFAULT_PORT, FREE_PORT, MAX_PORT, choose_port
from local.up_settings import read_settings, runs_in_containers

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


def print_results(feed: ResultsFeed) -> None:
    """Print a line for each upload that is settled or has to wait, with the reason. Never returns."""
    shown: set[tuple[str, ...]] = set()
    while True:
        started = time.monotonic()
        for result in feed.refresh():
            state = (result["upload"], result["version"], result["status"])
            if state not in shown and result["status"] != "PENDING":
                shown.add(state)
                print(format_result(result), flush=True)
        time.sleep(max(MIN_SCAN_INTERVAL_SECONDS, (time.monotonic() - started) / MAX_SCAN_SHARE))


@contextmanager
def open_page(cloud: EmbeddedCloud, feed: ResultsFeed, logs: Path) -> Iterator[str]:
    """Serve the page beside the cloud: on the next port, so that its address stays the same, or on any free one."""
    beside = int(urlparse(cloud.aws_endpoint_url).port or 0) + 1
    port = choose_port({}, HOST, default=beside) if beside <= MAX_PORT else FREE_PORT
    with Monitor(cloud, feed, logs) as monitor, serve_console(monitor, port) as page:
        yield page


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
        with start_cloud(containers, **arguments) as cloud:
            feed = ResultsFeed(cloud.client("dynamodb"), cloud.endpoints.results_table)
            log = BUILD / "sam/start-lambda.log" if containers else BUILD / "logs"
            with open_page(cloud, feed, BUILD / "sam" if containers else log) as page, endpoint_files(cloud.endpoints):
                print(format_introduction(cloud.endpoints, log, page), flush=True)
                print_results(feed)
    except (CannotRunError, SamCliError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"make up: {error}")


if __name__ == "__main__":
    main()
