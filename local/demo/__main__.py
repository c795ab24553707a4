"""Runs the demo (python -m local.demo [DIR]), prints its verdicts, and writes build/demo/."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

from local.aws.helper_process import HelperFailedError
from local.aws.template import TemplateError
from local.demo import console as output
from local.demo.cases import draw_picture_set
from local.demo.checked_upload import Run
from local.demo.picture import PictureSet
from local.demo.report import render_report
from local.demo.run import run_demo
from local.demo.summary import summary_lines
from local.demo.thumbnail import make_previews
from local.demo.user_pictures import NothingToUploadError, read_user_pictures
from local.stack import EmbeddedCloud

# The width of the table where the output is not a terminal.
_LOG_WIDTH = 160  # columns


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 if every upload ended as expected, 1 if one did not, 2 if the demo cannot run."""
    options = _parse_arguments(arguments)
    console = _make_console()
    try:
        pictures = read_user_pictures(options.directory.expanduser()) if options.directory else draw_picture_set()
    except NothingToUploadError as error:
        console.print(str(error), markup=False, highlight=False)
        return 2
    try:
        return _run_and_report(options, pictures, console)
    except (HelperFailedError, TemplateError) as error:
        console.print(f"The embedded cloud cannot start: {error}", markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


def _run_and_report(options: argparse.Namespace, pictures: PictureSet, console: Console) -> int:
    console.print(_INTRODUCTION, highlight=False)
    with (
        EmbeddedCloud(rate=options.rate, log_dir=options.out / "logs") as cloud,
        output.show_progress(console, len(pictures.pictures)) as show,
    ):
        done = run_demo(cloud, pictures, options.rate, options.timeout, show)
    _write(options.out, done, make_previews(pictures.pictures, done.pictures))
    console.print(output.verdict_table(done, console.width))
    for line in summary_lines(done):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    paths = f"Report: {options.out / 'report.html'}"
    if done.problems:
        paths += f". Logs of the functions and the services: {options.out / 'logs'}"
    console.print(paths, markup=False, highlight=False, soft_wrap=True)
    return 1 if done.problems else 0


_INTRODUCTION = (
    "Starting the embedded cloud. The matcher is an emulator of the Match operation, not PhotoDNA. "
    "Nothing leaves this machine."
)


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, help="your pictures (default: the demo draws pictures)")
    parser.add_argument("--rate", type=int, default=10, help="the emulator's limit in requests per second (10)")
    timeout_help = "the demo stops after this many seconds without a new verdict (90)"
    parser.add_argument("--timeout", type=float, default=90.0, help=timeout_help)
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="the folder for the report (build/demo)")
    return parser.parse_args(arguments)


def _make_console() -> Console:
    # Without this, a key with a character that the terminal's encoding lacks would stop the demo.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_LOG_WIDTH, color_system=None)


def _write(directory: Path, done: Run, previews: dict[int, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    results = json.dumps(done.as_json(), ensure_ascii=False, indent=1)
    (directory / "results.json").write_text(results + "\n", encoding="utf-8")
    (directory / "report.html").write_text(render_report(done, previews, datetime.now().astimezone()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
