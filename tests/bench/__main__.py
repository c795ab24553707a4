"""Runs the benchmarks, prints a table, writes build/bench/*.json. Exits 1 where a goal is not reached."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import cold_start

BENCHMARKS = {"cold_start": cold_start.run}
OUT = Path("build/bench")


def main() -> int:
    """The exit status."""
    OUT.mkdir(parents=True, exist_ok=True)
    reached = True
    for name, run in BENCHMARKS.items():
        result = run()
        (OUT / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
        table = Table("measured", "value", title=name.replace("_", " "))
        for key, value in result.items():
            table.add_row(key.replace("_", " "), str(value))
        Console().print(table)
        reached &= result["reached"]
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
