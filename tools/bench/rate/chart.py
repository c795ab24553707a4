"""Draw the requests a second against the limit as one SVG file, with a panel for each run. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from local.demo.charts import Bars, bar_chart

_WIDTH, _HEIGHT, _HEAD = 400, 210, 22
_COLUMNS = 2
_OUTCOMES = ("bar", "failed", "refused")
_PRIORITIES = ("bar", "backfill")
_LEGEND = (
    "blue: answered (a retry where two queues wait); green: backfill; yellow: failed (503) or without a response; "
    "red: refused (429); dashed: the limit"
)
_STYLE = """
svg { font-family: system-ui, sans-serif; }
.paper { fill: #fff; } text { font-size: 10px; fill: #5a6675; } .title { font-size: 12px; fill: #1b2430; }
.grid { stroke: #dde2e8; stroke-width: .8; } .bar { fill: #2f6fb3; } .backfill { fill: #4f9d69; }
.failed { fill: #d9a441; } .refused { fill: #b3261e; }
.limit { stroke: #b3261e; stroke-width: 1.4; stroke-dasharray: 5 3; } .limit-text { fill: #b3261e; font-weight: 600; }
"""


@dataclass(frozen=True)
class Panel:
    """One run. `seconds` holds the requests of each second, split into the parts that `classes` (CSS) name."""

    title: str
    seconds: Sequence[Sequence[int]]
    classes: Sequence[str] = _OUTCOMES


def render_chart(panels: Sequence[Panel], limit: float) -> str:
    """Return the SVG of all panels."""
    rows = -(-len(panels) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * (_HEIGHT + _HEAD) + _HEAD
    placed = "".join(_place_panel(place, panel, limit) for place, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>{placed}'
        f'<text x="8" y="{height - 8}">{_LEGEND}</text></svg>\n'
    )


def build_panels(result: Mapping[str, Any]) -> Iterator[Panel]:
    """Yield a panel for each latency with the default workers, each outage, two priorities and each baseline."""
    runs = [run for run in result["steady_state"] if run["workers"] == result["default_workers"]]
    yield from (Panel(f"Steady state, {_conditions(run)}", run["requests_by_second"]) for run in runs)
    for outage in result["outages"]:
        yield Panel(f"Outage of {outage['seconds']:.0f} s: {outage['mode']}", outage["requests_by_second"])
    yield Panel("Retries and a backfill wait", result["priorities"]["requests_by_second_and_priority"], _PRIORITIES)
    yield from (
        Panel(f"Baseline: {run['strategy']}, {_conditions(run)}", run["requests_by_second"])
        for run in result["baselines"]
    )


def _conditions(run: Mapping[str, Any]) -> str:
    return f"{run['latency']:g} s, {run['workers']} workers"


def _place_panel(place: int, panel: Panel, limit: float) -> str:
    x, y = place % _COLUMNS * _WIDTH, place // _COLUMNS * (_HEIGHT + _HEAD)
    seconds = panel.seconds or [[0] * len(panel.classes)]
    bars = Bars(
        name=f"panel-{place}",
        title=panel.title,
        summary=f"{len(seconds)} seconds; at most {max(map(sum, seconds))} requests in one; the limit is {limit:g}.",
        stacks=seconds,
        classes=panel.classes,
        step=1,
        y_axis="requests",
        x_axis="seconds",
        limit=limit,
    )
    return (
        f'<text class="title" x="{x + 8}" y="{y + 16}">{escape(panel.title)}</text>'
        f'<svg x="{x}" y="{y + _HEAD}" width="{_WIDTH}" height="{_HEIGHT}">{bar_chart(bars)}</svg>'
    )
