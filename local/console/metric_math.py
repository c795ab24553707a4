"""What CloudWatch's metric math makes of one point in time, for the few operators and functions that the template uses.

Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics": in arithmetic and comparisons a missing
value is 0, a division by zero has no value, and IF has none where its condition has none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """The value of a time series at one time; None where it has none."""

    value: float | None

    def __add__(self, other: Point) -> Point:
        return self if other.value is None and self.value is None else Point((self.value or 0) + (other.value or 0))

    def __rmul__(self, factor: float) -> Point:
        return Point(None if self.value is None else factor * self.value)

    def __truediv__(self, other: Point) -> Point:
        return Point((self.value or 0) / other.value if other.value else None)

    def __ge__(self, bound: float) -> Point:
        return Point(None if self.value is None else float(self.value >= bound))


def _fill(point: Point, filler: float) -> Point:
    return Point(filler) if point.value is None else point


def _if(condition: Point, then: Point, otherwise: float) -> Point:
    if condition.value is None:
        return Point(None)
    return Point(then.value or 0) if condition.value else Point(otherwise)


def evaluate(expression: str, **values: float | None) -> float | None:
    """Return the expression's value for those of its metrics; None where it has none."""
    points = {name: Point(value) for name, value in values.items()}
    found = eval(expression, {"__builtins__": {}}, {"FILL": _fill, "IF": _if, **points})  # noqa: S307 - the template's own text
    if not isinstance(found, Point):
        raise TypeError(f"{expression} is no time series")
    return found.value
