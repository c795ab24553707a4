"""Formats the console output: a progress bar on a terminal, plain lines anywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from local.demo.checked_upload import CheckedUpload, Run
from local.demo.text import escape_invisible, shorten_middle

# Takes the number of verdicts, and the request rate per second.
ShowProgress = Callable[[int, float], None]
_COLOURS = {"CLEAN": "green", "QUARANTINED": "red", "UNSCANNABLE": "yellow", "SKIPPED": "dim", "GONE": "dim"}
_MIN_SECONDS_BETWEEN_LINES = 3.0
_WIDE_TABLE = 120  # columns
_WIDE_ONLY = frozenset({"Kind", "Expected"})


@contextmanager
def show_progress(console: Console, total: int) -> Iterator[ShowProgress]:
    """Return a function that shows the progress of the run."""
    if not console.is_terminal:
        yield _print_lines(console, total)
        return
    columns = [TextColumn("Verdicts"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, TextColumn("{task.fields[rate]:.0f} requests/s"), console=console) as bar:
        task = bar.add_task("", total=total, rate=0.0)
        yield lambda settled, rate: bar.update(task, completed=settled, rate=rate)


def _print_lines(console: Console, total: int) -> ShowProgress:
    last = [time.monotonic(), -1.0]

    def show(settled: int, rate: float) -> None:
        now = time.monotonic()
        if settled != last[1] and (now - last[0] >= _MIN_SECONDS_BETWEEN_LINES or settled == total):
            last[:] = now, settled
            console.print(f"{settled} of {total} verdicts, {rate:.0f} requests/s")

    return show


def verdict_table(run: Run, width: int) -> Table:
    """Format the verdicts as a table of `width` columns. A narrow table omits the kind and the expected status.

    Every key is plain text: the console neither reads it as markup nor moves the cursor.
    """
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    columns = _column_widths(max(0, width - _WIDE_TABLE) // 4)
    names = [name for name in columns if width >= _WIDE_TABLE or name not in _WIDE_ONLY]
    for name in names:
        justify: JustifyMethod = "right" if name == "Seconds" else "left"
        table.add_column(name, no_wrap=True, justify=justify, max_width=columns[name])
    for checked_upload in run.pictures:
        cells = _format_cells(checked_upload)
        table.add_row(*(cells[name] for name in names), style=None if checked_upload.as_expected else "bold reverse")
    return table


def _column_widths(extra: int) -> dict[str, int]:
    """Return the maximum widths: what fits into `_WIDE_TABLE`, and `extra` columns more for each text."""
    widths = {"Upload": 30, "Kind": 26, "Expected": 13, "Status": 11, "Reason": 14, "Seconds": 7}
    return {name: width if name in ("Status", "Seconds") else width + extra for name, width in widths.items()}


def _format_cells(checked_upload: CheckedUpload) -> dict[str, Text]:
    seconds = checked_upload.seconds_to_verdict
    return {
        "Upload": Text(shorten_middle(escape_invisible(checked_upload.key), 40)),
        "Kind": Text(checked_upload.kind),
        "Expected": Text(" or ".join(checked_upload.expected)),
        "Status": Text(checked_upload.status or "no verdict", style=_COLOURS.get(checked_upload.status, "bold red")),
        "Reason": Text(_format_reason(checked_upload)),
        "Seconds": Text("–" if seconds is None else f"{seconds:.2f}"),
    }


def _format_reason(checked_upload: CheckedUpload) -> str:
    sources = ", ".join(str(match.get("source")) for match in checked_upload.matches)
    return escape_invisible(", ".join(filter(None, [checked_upload.reason, sources, checked_upload.frames])))
