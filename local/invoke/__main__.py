"""Runs events in containers (python -m local.invoke EVENT...|--all), and prints the results."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from local.aws.helper_process import HelperFailedError
from local.invoke import cases, sam
from local.invoke import console as output
from local.invoke.errors import CannotRunError, SamCliError, SampleEventError
from local.invoke.run import (
    EVENTS,
    ContainerCloud,
    InvocationResult,
    check_dead_letters,
    read_event,
    run_events,
    start_container_cloud,
)

FOLDER = sam.ROOT / "build/sam"
# The width of the tables where the output is not a terminal.
_LOG_WIDTH = 160  # columns


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 if every result is as expected, 1 if one is not, 2 if the events cannot be run."""
    options = _parse_arguments(arguments)
    console = _make_console()
    events = [EVENTS / name for name in cases.CASES] if options.all else list(dict.fromkeys(options.event))
    try:
        for event in events:
            read_event(event, options.function)
        print_line(console, "Building the functions and starting the embedded cloud. Nothing leaves this machine.")
        with start_container_cloud(FOLDER) as containers:
            running = run_events(containers, events, options.function)
            return _print_report(console, containers, _print_progress(console, running), options.all)
    except (CannotRunError, SampleEventError, SamCliError, HelperFailedError) as error:
        print_line(console, str(error))
        return 2
    except KeyboardInterrupt:
        print_line(console, "Stopped.")
        return 130


def _print_progress(console: Console, running: Iterable[InvocationResult]) -> list[InvocationResult]:
    """Print a line as each event ends, since all events together take a minute."""
    done = []
    for one in running:
        done.append(one)
        print_line(console, f"{one.event}: {'NOT as expected' if one.problems else 'as expected'}")
    return done


def _print_report(console: Console, containers: ContainerCloud, invoked: list[InvocationResult], brief: bool) -> int:
    console.print(output.verdict_table(invoked))
    for one in () if brief else invoked:
        for record in one.records:
            console.print(output.record_table(record))
    problems = [f"{one.event}: {problem}" for one in invoked for problem in one.problems] + check_dead_letters(
        containers
    )
    for problem in problems:
        print_line(console, f"  - {problem}")
    uploads = sum(len(one.checked_uploads) for one in invoked)
    verdict = f"{len(problems)} problems were found" if problems else "all are as expected"
    print_line(console, f"{len(invoked)} events, {uploads} uploads: {verdict}.")
    print_line(console, f"{FOLDER} has the events that were sent, and the logs.")
    return int(bool(problems))


def print_line(console: Console, text: str) -> None:
    """Print plain text in one line, however narrow the console is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.invoke", description=__doc__)
    parser.add_argument("event", nargs="*", type=Path, help="files of events/, or events of your own")
    parser.add_argument("--function", default="", help="the function that gets an event of your own")
    parser.add_argument("--all", action="store_true", help="run every file of events/, and print one table")
    options = parser.parse_args(arguments)
    if options.all == bool(options.event):
        parser.error("Name files with an event (make invoke EVENT=events/s3-put.json), or give --all.")
    return options


def _make_console() -> Console:
    # Without this, a key with a character that the terminal's encoding lacks would stop the command.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_LOG_WIDTH, color_system=None)


if __name__ == "__main__":
    sys.exit(main())
