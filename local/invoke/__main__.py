"""python -m local.invoke EVENT...|--all: runs events of events/ in containers, and shows what comes of them."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from local.aws.helper_process import HelperFailed
from local.invoke import cases, sam, tables
from local.invoke.errors import NotAnEvent, NotPossible, SamFailed
from local.invoke.run import Bench, Invoked, bench, left_over, read_event, run

EVENTS = sam.ROOT / "events"
FOLDER = sam.ROOT / "build/sam"
_WIDTH_OF_A_LOG = 160  # columns, where there is no terminal to ask


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 if all is as expected, 1 if not, 2 for what cannot be carried out."""
    options = _options(arguments)
    console = _console()
    events = [EVENTS / name for name in cases.CASES] if options.all else list(dict.fromkeys(options.event))
    try:
        for event in events:
            read_event(event)
        say(console, "Building, and starting the embedded cloud. Nothing leaves this machine.")
        with bench(FOLDER) as here:
            return _report(console, here, _told(console, run(here, events)), options.all)
    except (NotPossible, NotAnEvent, SamFailed, HelperFailed) as error:
        say(console, str(error))
        return 2
    except KeyboardInterrupt:
        say(console, "Stopped.")
        return 130


def _told(console: Console, running: Iterable[Invoked]) -> list[Invoked]:
    """Says of each event that it is done, since all of them take a minute."""
    done = []
    for one in running:
        done.append(one)
        say(console, f"{one.event}: {'NOT as expected' if one.problems else 'as expected'}")
    return done


def _report(console: Console, here: Bench, invoked: list[Invoked], brief: bool) -> int:
    console.print(tables.verdicts(invoked))
    for one in () if brief else invoked:
        for record in one.records:
            console.print(tables.record(record))
    problems = [f"{one.event}: {problem}" for one in invoked for problem in one.problems] + left_over(here)
    for problem in problems:
        say(console, f"  - {problem}")
    uploads = sum(len(one.checked_uploads) for one in invoked)
    how = f"{len(problems)} not as expected" if problems else "all as expected"
    say(console, f"{len(invoked)} events, {uploads} uploads: {how}. Events as sent, and logs: {FOLDER}")
    return int(bool(problems))


def say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.invoke", description=__doc__)
    parser.add_argument("event", nargs="*", type=Path, help="files of events/")
    parser.add_argument("--all", action="store_true", help="every file of events/, in one table")
    options = parser.parse_args(arguments)
    if options.all == bool(options.event):
        parser.error("give files of events/, or --all")
    return options


def _console() -> Console:
    # A key may hold what the terminal's encoding does not: shown as an escape, not as a crash.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_WIDTH_OF_A_LOG, color_system=None)


if __name__ == "__main__":
    sys.exit(main())
