"""guardctl results: settled results by status, reason, time and prefix."""

import csv
import json as json_text
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.options import AsJson, get_target
from ops.guardctl.printing import print_json, print_table, to_json
from ops.guardctl.settled_results import BY_KEY, SETTLED, Selection, SettledResults
from ops.guardctl.times import parse_time
from photodna_guard.domain.models import Status

_FORMATS = ("table", "jsonl", "csv")
_COLUMNS = ("settled_at", "status", "reason", "upload", "version")
_FILE_COLUMNS = (*_COLUMNS, "received_at", "is_test")
# A spreadsheet takes a text that begins so for a formula. Keys are chosen by uploaders.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MANY = 8000


def results(
    context: typer.Context,
    status: Annotated[str | None, typer.Option("--status", "-s", help="Only this status, such as CLEAN.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Only this reason, such as format-heic.")] = "",
    since: Annotated[str, typer.Option("--from", help="Settled then or later: 2026-05-01, or 24h or 7d ago.")] = "",
    until: Annotated[str, typer.Option("--to", help="Settled before then, in the same forms.")] = "",
    prefix: Annotated[str, typer.Option("--prefix", help="Only uploads that begin so: BUCKET/KEY-PREFIX.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")] = 50,
    every: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    form: Annotated[str, typer.Option("--format", help="table, jsonl (one JSON document a line) or csv.")] = "table",
    json: AsJson = False,
) -> None:
    """List settled results, the newest first; with --prefix by bucket and key.

    Each listing reads the index by key, by reason or by time, in this order, and what else is asked for is left out of
    what was read. What waits has no result yet: guardctl status counts it, and guardctl show has each upload.
    """
    if form not in _FORMATS:
        raise CannotProceedError(f"{form!r} is no format. Give one of {', '.join(_FORMATS)}")
    target = get_target(context)
    selection = Selection(
        statuses=parse_statuses(status),
        reason=reason,
        since=parse_time(since, target.now()) if since else "",
        **({"until": parse_time(until, target.now())} if until else {}),
        prefix=prefix.removeprefix("s3://"),
    )
    found = SettledResults(target).iter_selected(selection, _MANY if every else count)
    items = found if every else islice(found, count)
    if json:
        return print_json(list(items))
    return _print(form, items, None if every else count, is_by_key=selection.index == BY_KEY)


def parse_statuses(status: str | None) -> tuple[Status, ...]:
    """Return the statuses that are meant. Raises CannotProceedError for one that no settled result has."""
    if status is None:
        return SETTLED
    if status.upper() not in [one.value for one in SETTLED]:
        raise CannotProceedError(
            f"{status!r} is no status of a settled result. Give one of {', '.join(one.value for one in SETTLED)}. What "
            f"waits is in guardctl status, and matches that are not in quarantine yet are in guardctl attention"
        )
    return (Status(status.upper()),)


def _print(form: str, items: Iterable[dict[str, Any]], count: int | None, is_by_key: bool) -> None:
    if form == "jsonl":
        for item in items:
            print(json_text.dumps(item, default=to_json))
        return
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(_FILE_COLUMNS)
        writer.writerows([_as_cell(item.get(name)) for name in _FILE_COLUMNS] for item in items)
        return
    printed = 0
    last: dict[str, Any] = {}
    for page in _pages(items):
        print_table(_COLUMNS, [[_as_text(name, item.get(name)) for name in _COLUMNS] for item in page], "")
        printed, last = printed + len(page), page[-1]
    if not printed:
        print("There is no such result.")
    elif printed == count:
        more = "" if is_by_key else f", and --to {last['settled_at']} older ones"
        print(f"\nThese are the first {count}. --count or --all shows more{more}.")


def _pages(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the items in tables that fit into memory."""
    iterator = iter(items)
    while page := list(islice(iterator, 1000)):
        yield page


def _as_text(name: str, value: object) -> object:
    return f"s3://{value}" if name == "upload" else value


def _as_cell(value: object) -> str:
    """Return a value for a CSV file: one line, and no formula."""
    text = "" if value is None else str(value)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
