"""Requests a second against the limit, as one SVG file: ours, an outage, and the usual ways. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from local.demo.charts import Bars, bar_chart

_WIDTH, _HEIGHT, _HEAD = 400, 210, 22
_COLUMNS = 2
_CLASSES = ("bar", "failed", "refused")
_STYLE = """
svg { font-family: system-ui, sans-serif; }
.paper { fill: #fff; } text { font-size: 10px; fill: #5a6675; } .title { font-size: 12px; fill: #1b2430; }
.grid { stroke: #dde2e8; stroke-width: .8; } .bar { fill: #2f6fb3; }
.failed { fill: #d9a441; } .refused { fill: #b3261e; }
.limit { stroke: #b3261e; stroke-width: 1.4; stroke-dasharray: 5 3; } .limit-text { fill: #b3261e; font-weight: 600; }
"""


def draw(panels: Mapping[str, Sequence[Sequence[int]]], limit: float) -> str:
    """`panels`: by title, the answered, failed and refused requests of each second."""
    rows = -(-len(panels) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * (_HEIGHT + _HEAD) + _HEAD
    placed = "".join(_panel(place, *panel, limit) for place, panel in enumerate(panels.items()))
    legend = "blue: answered; yellow: failed (503); red: refused (429); dashed: the limit"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>{placed}'
        f'<text x="8" y="{height - 8}">{legend}</text></svg>\n'
    )


def panels(result: Mapping[str, Any]) -> dict[str, list[list[int]]]:
    """What is drawn of a result: the default number of workers at each latency, the outage, the usual ways."""
    ours = [run for run in result["standing"] if run["workers"] == result["default_workers"]]
    return {
        **{f"Standing backlog, {_where(run)}": run["each_second"] for run in ours},
        f"Outage of {result['outage']['seconds']:.0f} s": result["outage"]["each_second"],
        **{f"Usual: {run['way']}, {_where(run)}": run["each_second"] for run in result["usual"]},
    }


def _where(run: Mapping[str, Any]) -> str:
    return f"{run['latency']:g} s, {run['workers']} workers"


def _panel(place: int, title: str, seconds: Sequence[Sequence[int]], limit: float) -> str:
    x, y = place % _COLUMNS * _WIDTH, place // _COLUMNS * (_HEIGHT + _HEAD)
    most = max((sum(second) for second in seconds), default=0)
    bars = Bars(
        name=f"panel-{place}",
        title=title,
        summary=f"{len(seconds)} seconds; at most {most} requests in one; the limit is {limit:g}.",
        stacks=seconds or [[0, 0, 0]],
        classes=_CLASSES,
        step=1,
        y_axis="requests",
        x_axis="seconds",
        limit=limit,
    )
    return (
        f'<text class="title" x="{x + 8}" y="{y + 16}">{escape(title)}</text>'
        f'<svg x="{x}" y="{y + _HEAD}" width="{_WIDTH}" height="{_HEIGHT}">{bar_chart(bars)}</svg>'
    )
