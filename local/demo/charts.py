"""Calculates the report's bar charts, and renders them as SVG without a script (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count

from local.demo.templates import render


@dataclass(frozen=True)
class Bars:
    """Stacked bars side by side, each `step` wide on an axis that begins at 0."""

    # The drawing's units; the page scales the drawing. The bars stand inside the frame, and the labels around it.
    WIDTH, HEIGHT = 400, 210
    LEFT, RIGHT, TOP, BOTTOM = 30, 392, 26, 170

    # Unique on the page.
    name: str
    title: str
    # What the chart shows, in words.
    summary: str
    stacks: Sequence[Sequence[int]]
    # The CSS class of each part of a stack.
    classes: Sequence[str]
    step: float
    y_axis: str
    x_axis: str
    # Drawn as a line.
    limit: float | None = None

    @cached_property
    def y_ticks(self) -> range:
        """The labelled values of the y axis. The last one is above every bar and the limit."""
        highest = max(1, *(sum(stack) for stack in self.stacks), round(self.limit or 0))
        step = _nice_step(highest, max_steps=5)
        return range(0, (highest // step + 2) * step, step)

    @property
    def x_ticks(self) -> range:
        """The labelled edges between the bars."""
        edges = len(self.stacks)
        return range(0, edges + 1, _nice_step(edges, max_steps=9))

    def x(self, edge: float) -> float:
        """Convert the number of an edge between bars to a place in the drawing."""
        return self.LEFT + (self.RIGHT - self.LEFT) * edge / len(self.stacks)

    def y(self, value: float) -> float:
        """Convert a value to a place in the drawing."""
        return self.BOTTOM - (self.BOTTOM - self.TOP) * value / self.y_ticks[-1]

    def parts(self) -> Iterator[tuple[int, int, int, str]]:
        """Return each part of each bar: the bar's index, the part's value, its upper end and its CSS class."""
        for index, stack in enumerate(self.stacks):
            for value, end, css_class in zip(stack, accumulate(stack), self.classes, strict=True):
                yield index, value, end, css_class


def bar_chart(bars: Bars) -> str:
    """Render the chart as one <svg> element."""
    return render("bar_chart.svg.jinja", bars=bars)


def histogram(values: Sequence[float], max_bins: int = 16) -> tuple[float, list[int]]:
    """Return the bins' width, which is 1, 2 or 5 times a power of ten, and the number of values in each bin."""
    if not values:
        return 1.0, [0]
    step = next(step for step in _nice_steps(0.1) if max(values) / step < max_bins)
    bins = [0] * (int(max(values) / step) + 1)
    for value in values:
        bins[int(value / step)] += 1
    return step, bins


def _nice_step(length: float, max_steps: int) -> int:
    return next(int(step) for step in _nice_steps(1) if length / step <= max_steps)


def _nice_steps(first: float) -> Iterator[float]:
    for power in count():
        yield from (round(first * factor * 10**power, 6) for factor in (1, 2, 5))
