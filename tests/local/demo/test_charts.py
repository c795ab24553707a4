"""The bar charts: well-formed, escaped and in proportion."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from local.demo.charts import Bars, bar_chart, histogram
from tests.local.demo.factories import HOSTILE_NAME
from tests.local.demo.parsed_html import Parsed


def _bars(stacks: list[list[int]], limit: float | None = None) -> Bars:
    return Bars("b", "A <title>", "Words & more", stacks, ["bar", "refused"][: len(stacks[0])], 0.5, "y", "x", limit)


def _drawn(bars: Bars) -> ElementTree.Element:
    return ElementTree.fromstring(bar_chart(bars))  # noqa: S314 - no stranger's XML


def test_a_chart_is_well_formed_and_says_what_it_shows() -> None:
    svg = _drawn(_bars([[3, 0], [5, 1]], limit=10))

    assert svg.get("role") == "img"
    assert [svg.findtext("title"), svg.findtext("desc")] == ["A <title>", "Words & more"]


def test_bars_are_in_proportion_and_stay_in_the_frame() -> None:
    svg = _drawn(_bars([[2], [4], [1000]]))

    heights = [float(bar.get("height", "")) for bar in svg.findall("rect")]
    assert abs(heights[2] / heights[1] - 250) < 60
    assert all(float(bar.get("y", "")) >= 26 for bar in svg.findall("rect"))


def test_the_limit_is_drawn_as_a_line_above_lower_bars() -> None:
    svg = _drawn(_bars([[3], [9]], limit=10))

    [line] = [line for line in svg.findall("line") if line.get("class") == "limit"]
    assert float(line.get("y1", "")) < min(float(bar.get("y", "")) for bar in svg.findall("rect"))


def test_a_histogram_holds_every_value_in_few_bins() -> None:
    values = [0.0, 0.05, 0.31, 2.9, 3.0, 59.99]

    step, bins = histogram(values)

    assert sum(bins) == len(values)
    assert len(bins) <= 16
    assert step * len(bins) > max(values)


@pytest.mark.parametrize("text", ["name", "title", "summary", "y_axis", "x_axis"])
def test_a_charts_text_with_an_event_handler_stays_text(text: str) -> None:
    changes: dict[str, Any] = {text: HOSTILE_NAME + '"'}

    seen = Parsed(bar_chart(replace(_bars([[3]]), **changes)))

    assert not seen.named("img")
    assert HOSTILE_NAME in seen.text + str(seen.named("title")[0]["id"])
    assert "onerror" not in {name for _, attributes in seen.elements for name in attributes}
