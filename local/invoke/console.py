"""Formats the tables of the verdicts and of one record for the console."""

from collections.abc import Iterable, Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from local.demo.checked_upload import CheckedUpload
from local.demo.results import Result
from local.demo.text import escape_invisible, shorten_middle
from local.invoke.run import InvocationResult

_MAX_KEY_WIDTH = 44  # columns


def verdict_table(invoked: Iterable[InvocationResult]) -> Table:
    """Format one line for each upload. The first line of an event names the event and its function."""
    table = Table("Event", "Function", "Upload", "What", "Expected", "Record", "Start and run", box=box.SIMPLE_HEAD)
    for one in invoked:
        first = (one.event.removesuffix(".json"), one.function, f"{one.answer.milliseconds:.0f} ms")
        for event, function, milliseconds, checked_upload in _with_blanks(first, one):
            wrong = not checked_upload.as_expected
            table.add_row(
                event,
                function,
                Text(shorten_middle(escape_invisible(checked_upload.key), _MAX_KEY_WIDTH)),
                checked_upload.kind,
                " or ".join(checked_upload.expected),
                Text(
                    " ".join([checked_upload.status or "none", checked_upload.reason]),
                    style="bold red" if wrong else "",
                ),
                milliseconds,
            )
    return table


def _with_blanks(first: tuple[str, str, str], one: InvocationResult) -> Iterator[tuple[str, str, str, CheckedUpload]]:
    for index, checked_upload in enumerate(one.checked_uploads):
        yield (*(first if index == 0 else ("", "", "")), checked_upload)


def record_table(item: Result) -> Table:
    """Format one item of the results table, one attribute a line."""
    table = Table("Attribute", "Value", box=box.SIMPLE_HEAD)
    for name in sorted(item):
        table.add_row(name, Text(escape_invisible(str(item[name]))))
    return table
