"""What the demo says on the console: a moving bar on a terminal, plain lines anywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from local.demo.outcome import Outcome, Run
from local.demo.text import printable, shortened

ShowProgress = Callable[[int, float], None]  # verdicts so far, requests a second
_COLOURS = {"CLEAN": "green", "QUARANTINED": "red", "UNSCANNABLE": "yellow", "SKIPPED": "dim", "GONE": "dim"}
_MIN_SECONDS_BETWEEN_LINES = 3.0
_WIDE_COLUMNS = 120  # columns of text
_WIDE_ONLY = frozenset({"Kind", "Expected"})


@contextmanager
def show_progress(console: Console, total: int) -> Iterator[ShowProgress]:
    """Gives a function that shows how far the run is."""
    if not console.is_terminal:
        yield _print_lines(console, total)
        return
    columns = [TextColumn("Verdicts"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, TextColumn("{task.fields[rate]:.0f} requests/s"), console=console) as bar:
        task = bar.add_task("", total=total, rate=0.0)
        yield lambda settled, rate: bar.update(task, completed=settled, rate=rate)


def _print_lines(console: Console, total: int) -> ShowProgress:
    shown = [time.monotonic(), -1.0]

    def show(settled: int, rate: float) -> None:
        now = time.monotonic()
        if settled != shown[1] and (now - shown[0] >= _MIN_SECONDS_BETWEEN_LINES or settled == total):
            shown[:] = now, settled
            console.print(f"{settled} of {total} verdicts, {rate:.0f} requests/s")

    return show


def verdict_table(run: Run, width: int) -> Table:
    """The table of verdicts, for so many columns of text; a narrow one leaves out what was expected.

    Keys are put in as plain text: none is markup, and none moves the cursor.
    """
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    columns = _column_widths(max(0, width - _WIDE_COLUMNS) // 4)
    names = [name for name in columns if width >= _WIDE_COLUMNS or name not in _WIDE_ONLY]
    for name in names:
        justify: JustifyMethod = "right" if name == "Seconds" else "left"
        table.add_column(name, no_wrap=True, justify=justify, max_width=columns[name])
    for outcome in run.pictures:
        cells = _cells(outcome)
        table.add_row(*(cells[name] for name in names), style=None if outcome.as_expected else "bold reverse")
    return table


def _column_widths(more: int) -> dict[str, int]:
    """The widest that each column may be: what `_WIDE_COLUMNS` has room for, and the texts `more`."""
    widths = {"Upload": 30, "Kind": 26, "Expected": 13, "Verdict": 11, "Why": 14, "Seconds": 7}
    return {name: width if name in ("Verdict", "Seconds") else width + more for name, width in widths.items()}


def _cells(outcome: Outcome) -> dict[str, Text]:
    seconds = outcome.seconds_to_verdict
    return {
        "Upload": Text(shortened(printable(outcome.key), 40)),
        "Kind": Text(outcome.kind),
        "Expected": Text(" or ".join(outcome.expected)),
        "Verdict": Text(outcome.status or "no verdict", style=_COLOURS.get(outcome.status, "bold red")),
        "Why": Text(_reason(outcome)),
        "Seconds": Text("–" if seconds is None else f"{seconds:.2f}"),
    }


def _reason(outcome: Outcome) -> str:
    sources = ", ".join(str(match.get("source")) for match in outcome.matches)
    return printable(" ".join(filter(None, [outcome.reason, sources])))


def summary_lines(run: Run) -> Iterator[str]:
    """The lines below the table; the last says whether all is well."""
    values, rate = run.summary(), run.rate
    counts = ", ".join(f"{number} {status}" for status, number in sorted(values["by_status"].items()))
    yield f"{len(run.pictures)} uploads in {run.seconds:.1f} s: {counts}."
    yield (
        f"Requests to the emulator: {rate.requests}; the largest one-second window held {rate.largest_window} "
        f"(limit {rate.limit:g}); {rate.refused_429} refused with 429."
    )
    yield from (f"Left out: {line}" for line in run.left_out)
    if run.problems:
        yield f"{len(run.problems)} not as expected:"
        yield from (f"  - {printable(problem)}" for problem in run.problems)
    else:
        yield f"All {len(run.pictures)} as expected."
