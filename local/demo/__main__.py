"""python -m local.demo [DIR]: runs the demo, prints its verdicts, and writes build/demo/."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

from local.cloud import EmbeddedCloud
from local.cloud.helper_process import HelperFailed
from local.cloud.template import TemplateFault
from local.demo import console as output
from local.demo.cases import draw_picture_set
from local.demo.outcome import Run
from local.demo.picture import PictureSet
from local.demo.report import render_report
from local.demo.run import run_demo
from local.demo.thumbnail import make_preview
from local.demo.user_pictures import NothingToUploadError, read_user_pictures

_LOG_WIDTH = 160  # columns, where there is no terminal to ask


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 if all is as expected, 1 if not, 2 for a call that cannot be carried out."""
    options = _parse_arguments(arguments)
    console = _make_console()
    try:
        pictures = read_user_pictures(options.directory.expanduser()) if options.directory else draw_picture_set()
    except NothingToUploadError as error:
        console.print(str(error), markup=False, highlight=False)
        return 2
    try:
        return _run_and_report(options, pictures, console)
    except (HelperFailed, TemplateFault) as error:
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
    _write(options.out, done, _make_previews(pictures, done))
    console.print(output.verdict_table(done, console.width))
    for line in output.summary_lines(done):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    where = f"Report: {options.out / 'report.html'}"
    if done.problems:
        where += f". What the functions and the services said is in {options.out / 'logs'}"
    console.print(where, markup=False, highlight=False, soft_wrap=True)
    return 1 if done.problems else 0


_INTRODUCTION = (
    "Starting the embedded cloud. The matcher is an emulator of the Match operation, not PhotoDNA; "
    "nothing leaves this machine."
)


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, help="your own pictures; without it the demo draws its own")
    parser.add_argument("--rate", type=int, default=10, help="the emulator's limit, in requests a second (10)")
    parser.add_argument(
        "--timeout",
        type=float,
        default=90.0,
        help="seconds without any new verdict after which it gives up (90)",
    )
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="where the report goes (build/demo)")
    return parser.parse_args(arguments)


def _make_console() -> Console:
    # A key may hold what the terminal's encoding does not: shown as an escape, not as a crash.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_LOG_WIDTH, color_system=None)


def _make_previews(pictures: PictureSet, done: Run) -> dict[int, str]:
    by_key_and_kind = {(picture.key, picture.kind): picture for picture in pictures.pictures}
    previews = {}
    for index, outcome in enumerate(done.pictures):
        data = make_preview(by_key_and_kind[outcome.key, outcome.kind], outcome.status)
        if data:
            previews[index] = data
    return previews


def _write(directory: Path, done: Run, previews: dict[int, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    results = json.dumps(done.as_json(), ensure_ascii=False, indent=1)
    (directory / "results.json").write_text(results + "\n", encoding="utf-8")
    (directory / "report.html").write_text(render_report(done, previews, datetime.now().astimezone()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
