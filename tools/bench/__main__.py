"""Runs all benchmarks, or those that are named, prints tables, writes build/bench/*.json.

    python -m tools.bench [--quick] [NAME ...]

Exits 1 where a goal is not reached.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench import cold_start, move
from tools.bench.rate import run as rate
from tools.bench.rate import tables as rate_tables

Result = dict[str, Any]
RUNS: Mapping[str, Callable[[bool], Result]] = {
    "cold_start": lambda _: cold_start.run(),
    "move": lambda _: move.run(),
    "rate": rate.run,
}
TABLES: Mapping[str, Callable[[Result], Iterable[Table]]] = {"rate": rate_tables.tables}
OUT = Path("build/bench")


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(RUNS)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it: about eight minutes")
    options = parser.parse_args()
    if unknown := set(options.names) - RUNS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: there are {', '.join(RUNS)}")
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it misses metrics that it keeps for itself
    OUT.mkdir(parents=True, exist_ok=True)
    reached = [_run(name, options.quick) for name in options.names or RUNS]
    return 0 if all(reached) else 1


def _run(name: str, quick: bool) -> bool:
    result = RUNS[name](quick)
    (OUT / f"{name}.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in TABLES.get(name, _pairs)(result):
        console.print(table)
    return bool(result["reached"])


def _pairs(result: Result) -> Iterable[Table]:
    table = Table("measured", "value")
    for key, value in result.items():
        table.add_row(key.replace("_", " "), str(value))
    yield table


if __name__ == "__main__":
    sys.exit(main())
