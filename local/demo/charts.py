"""Draws the report's bar charts as SVG: no script, colours from the page's style sheet (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count

# The drawing's own units; the page scales it. Bars stand within the frame, text around it.
_WIDTH, _HEIGHT = 400, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 392, 26, 170


@dataclass(frozen=True)
class Bars:
    """Stacked bars side by side, each `step` wide on an axis that begins at 0."""

    name: str  # unique on the page
    title: str
    summary: str  # says in words what the chart shows
    stacks: Sequence[Sequence[int]]
    classes: Sequence[str]  # CSS classes, one for each part of a stack
    step: float
    y_axis: str
    x_axis: str
    limit: float | None = None  # drawn as a line


def bar_chart(bars: Bars) -> str:
    """The chart as one <svg> element, with a title and a description for those who do not see it."""
    body = "".join([*_y_axis(bars), *_stacks(bars), *_x_axis(bars), *_limit(bars)])
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-labelledby="{bars.name}-title {bars.name}-text">'
        f'<title id="{bars.name}-title">{escape(bars.title)}</title>'
        f'<desc id="{bars.name}-text">{escape(bars.summary)}</desc>{body}</svg>'
    )


def histogram(values: Sequence[float], most_bins: int = 16) -> tuple[float, list[int]]:
    """The bins' width and how many values are in each; widths are 1, 2 or 5 times a power of ten."""
    if not values:
        return 1.0, [0]
    step = next(step for step in _nice_steps(0.1) if max(values) / step < most_bins)
    bins = [0] * (int(max(values) / step) + 1)
    for value in values:
        bins[int(value / step)] += 1
    return step, bins


def _nice_steps(first: float) -> Iterator[float]:
    for power in count():
        yield from (round(first * factor * 10**power, 6) for factor in (1, 2, 5))


def _top(bars: Bars) -> tuple[int, int]:
    """The y axis's end, a whole number of steps, and the step."""
    highest = max(1, *(sum(stack) for stack in bars.stacks), round(bars.limit or 0))
    step = next(int(step) for step in _nice_steps(1) if highest / step <= 5)
    return (highest // step + 1) * step, step


def _x(bars: Bars, index: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * index / len(bars.stacks)


def _y(bars: Bars, value: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * value / _top(bars)[0]


def _y_axis(bars: Bars) -> Iterator[str]:
    end, step = _top(bars)
    yield f'<text x="{_LEFT - 24}" y="13" class="axis">{escape(bars.y_axis)}</text>'
    for value in range(0, end + 1, step):
        y = _y(bars, value)
        yield f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{value}</text>'


def _x_axis(bars: Bars) -> Iterator[str]:
    edges = len(bars.stacks)
    every = next(int(step) for step in _nice_steps(1) if edges / step <= 9)
    for edge in range(0, edges + 1, every):
        x, label = _x(bars, edge), f"{edge * bars.step:g}"
        yield f'<text x="{x:.1f}" y="{_BOTTOM + 15}" text-anchor="middle">{label}</text>'
    yield f'<text x="{_RIGHT}" y="{_HEIGHT - 6}" text-anchor="end" class="axis">{escape(bars.x_axis)}</text>'


def _stacks(bars: Bars) -> Iterator[str]:
    gap = min(3.0, (_x(bars, 1) - _LEFT) * 0.15)
    for index, stack in enumerate(bars.stacks):
        below, x, width = 0, _x(bars, index) + gap / 2, _x(bars, 1) - _LEFT - gap
        for value, css_class in zip(stack, bars.classes, strict=True):
            y, height = _y(bars, below + value), _y(bars, 0) - _y(bars, value)
            below += value
            if value:
                title = f"{index * bars.step:g} to {(index + 1) * bars.step:g} s: {value}"
                yield (
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
                    f' class="{css_class}"><title>{title}</title></rect>'
                )


def _limit(bars: Bars) -> Iterator[str]:
    if bars.limit is not None:
        y = _y(bars, bars.limit)
        yield f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="limit"/>'
        yield (f'<text x="{_RIGHT}" y="{y - 5:.1f}" text-anchor="end" class="limit-text">limit {bars.limit:g}</text>')
