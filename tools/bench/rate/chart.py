"""Requests a second against the limit, as one SVG file: ours, outages, two lanes, and the usual ways. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from local.demo.charts import Bars, bar_chart

_WIDTH, _HEIGHT, _HEAD = 400, 210, 22
_COLUMNS = 2
_OUTCOMES = ("bar", "failed", "refused")
_LANES = ("bar", "backfill")
_LEGEND = (
    "blue: answered, with two lanes a retry; green: backfill; yellow: failed (503) or never answered; "
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
    """`seconds`: the requests of each second, by the parts that `classes` (CSS) name."""

    title: str
    seconds: Sequence[Sequence[int]]
    classes: Sequence[str] = _OUTCOMES


def draw(panels: Sequence[Panel], limit: float) -> str:
    rows = -(-len(panels) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * (_HEIGHT + _HEAD) + _HEAD
    placed = "".join(_placed(place, panel, limit) for place, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>{placed}'
        f'<text x="8" y="{height - 8}">{_LEGEND}</text></svg>\n'
    )


def panels(result: Mapping[str, Any]) -> Iterator[Panel]:
    """What is drawn of a result: the default number of workers at each latency, outages, lanes, the usual ways."""
    ours = [run for run in result["standing"] if run["workers"] == result["default_workers"]]
    yield from (Panel(f"Standing backlog, {_where(run)}", run["each_second"]) for run in ours)
    for outage in result["outages"]:
        yield Panel(f"Outage of {outage['seconds']:.0f} s: {outage['mode']}", outage["each_second"])
    yield Panel("Retries and a backfill wait", result["lanes"]["each_second_by_lane"], _LANES)
    yield from (Panel(f"Usual: {run['way']}, {_where(run)}", run["each_second"]) for run in result["usual"])


def _where(run: Mapping[str, Any]) -> str:
    return f"{run['latency']:g} s, {run['workers']} workers"


def _placed(place: int, panel: Panel, limit: float) -> str:
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
