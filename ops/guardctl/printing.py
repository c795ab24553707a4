"""Prints what a command found: a table for people, or JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.formatting import format_duration

# A narrow terminal folds these. What is to be copied or compared, such as a time, stays whole.
_LONG_COLUMNS = ("upload", "subject", "reason", "one of them", "by")
_PIPE_WIDTH = 4000  # characters


def print_json(value: object) -> None:
    """Print one JSON document. Control characters in an uploader's key are escaped."""
    print(json.dumps(value, indent=2, default=to_json))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print a table, or the sentence `empty` where there are no rows. In a pipe each row is one line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in _LONG_COLUMNS)
    for row in rows:
        table.add_row(*[clean(value) for value in row])
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)
    else:
        print(empty)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, one a line, without those that are None."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        if value is not None:
            Console(soft_wrap=True, highlight=False).print(f"[bold]{escape(name):<{width}}[/bold]  {clean(value)}")


def clean(value: object) -> str:
    """Return a value as one line in which nothing is markup, and no control character reaches the terminal."""
    text = "" if value is None else str(value)
    return escape("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def format_time(epoch_seconds: float) -> str:
    """Format a time as the results table does, in whole seconds."""
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def format_age(seconds: float | None) -> str:
    """Format an age, or a dash where it is not known."""
    return "-" if seconds is None else format_duration(max(0.0, seconds))


def to_json(value: object) -> Any:
    """Return a value as json.dumps takes it, where it does not by itself."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
