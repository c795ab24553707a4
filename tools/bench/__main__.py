"""Run all benchmarks, or the named ones, print tables and write build/bench/*.json.

    python -m tools.bench [--quick] [NAME ...]

The exit status is 1 where a goal is missed.
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

from tools.bench import backfill, cold_start, quarantine_workflow, renditions
from tools.bench.burst import measure as burst
from tools.bench.rate import processor_share, suite
from tools.bench.rate.tables import build_tables

Result = dict[str, Any]
RUNS: Mapping[str, Callable[[bool], Result]] = {
    "cold_start": lambda _: cold_start.measure_cold_start(),
    "quarantine_workflow": lambda _: quarantine_workflow.measure_quarantine(),
    "renditions": lambda _: renditions.measure_renditions(),
    "rate": suite.run_rate_suite,
    "processor_share": processor_share.run_processor_shares,
    "burst": burst.measure_bursts,
    "backfill": backfill.simulate_backfill,
}
TABLES: Mapping[str, Callable[[Result], Iterable[Table]]] = {
    "rate": build_tables,
    "processor_share": processor_share.build_share_tables,
    "burst": lambda result: (table for run in result["runs"] for table in _list_values(run)),
}
OUT = Path("build/bench")


def main() -> int:
    """Run the benchmarks. The exit status is 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(RUNS)}; without a name, all run")
    parser.add_argument("--quick", action="store_true", help="a shorter run to try it: about eight minutes")
    options = parser.parse_args()
    if unknown := set(options.names) - RUNS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: there are {', '.join(RUNS)}")
    # The translator warns about metrics that it collects for itself.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    OUT.mkdir(parents=True, exist_ok=True)
    reached = [_run_benchmark(name, options.quick) for name in options.names or RUNS]
    return 0 if all(reached) else 1


def _run_benchmark(name: str, quick: bool) -> bool:
    result = RUNS[name](quick)
    (OUT / f"{name}.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in TABLES.get(name, _list_values)(result):
        console.print(table)
    return bool(result["reached"])


def _list_values(result: Result) -> Iterable[Table]:
    table = Table("measured", "value")
    for key, value in result.items():
        table.add_row(key.replace("_", " "), str(value))
    yield table


if __name__ == "__main__":
    sys.exit(main())
