"""The HTML report: self-contained, escaped, and without a match's picture."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from local.demo.charts import Bars, bar_chart, histogram
from local.demo.outcome import Outcome, Run
from local.demo.picture import QUARANTINED, UNSCANNABLE
from local.demo.report import render_report
from local.demo.thumbnail import make_preview
from local.pictures import draw, encode
from tests.local_demo import factories

PREVIEW = "data:image/jpeg;base64,AAAA"
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
JPEG = encode(draw(1, (320, 240)), "JPEG")
HOSTILE_NAME = "<img src=x onerror=alert(1)>.jpg"
HOSTILE = "a\"'<script>alert(1)</script><img src=//x onerror=y>&amp;\u202e.jpg"


class Parsed(HTMLParser):
    """What a browser would see: elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def _page(*outcomes: Outcome, previews: dict[int, str] | None = None, problems: list[str] | None = None) -> str:
    run = factories.run(*outcomes, problems=problems or [])
    return render_report(run, previews or {}, WHEN)


def test_the_page_says_that_the_matcher_is_an_emulator() -> None:
    assert "The matcher is an emulator, not PhotoDNA." in Parsed(_page(factories.outcome())).text


def test_a_hostile_key_or_reason_stays_text() -> None:
    match = {"source": HOSTILE, "match_id": HOSTILE, "distance": 3}
    hostile = factories.outcome(key=HOSTILE, kind=HOSTILE, reason=HOSTILE, status=HOSTILE, matches=[match])

    seen = Parsed(_page(hostile, problems=[HOSTILE]))

    assert not seen.named("script")
    assert not seen.named("img")
    assert "<script>alert(1)</script>" in seen.text
    assert "onerror" not in {name for _, attributes in seen.elements for name in attributes}


@pytest.mark.parametrize(
    "run",
    [
        factories.run(factories.outcome(key=HOSTILE_NAME)),
        factories.run(factories.outcome(kind=HOSTILE_NAME)),
        factories.run(factories.outcome(status=HOSTILE_NAME)),
        factories.run(factories.outcome(expected=["CLEAN", HOSTILE_NAME])),
        factories.run(factories.outcome(reason=HOSTILE_NAME)),
        factories.run(factories.outcome(matches=[{"source": HOSTILE_NAME}])),
        factories.run(factories.outcome(matches=[{"source": "Test", "match_id": HOSTILE_NAME}])),
        factories.run(factories.outcome(matches=[{"source": "Test", "distance": HOSTILE_NAME}])),
        factories.run(problems=[f"{HOSTILE_NAME}: no result"]),
        factories.run(left_out=[f"{HOSTILE_NAME}: it cannot be read"]),
    ],
    ids=["key", "kind", "status", "expected", "reason", "source", "match_id", "distance", "problem", "left_out"],
)
def test_a_name_with_an_event_handler_stays_text_in_every_place(run: Run) -> None:
    seen = Parsed(render_report(run, {0: PREVIEW}, WHEN))

    assert HOSTILE_NAME in seen.text
    assert {image["src"] for image in seen.named("img")} <= {PREVIEW}
    assert "onerror" not in {name for _, attributes in seen.elements for name in attributes}


def test_a_hostile_key_and_kind_stay_whole_in_their_attributes() -> None:
    seen = Parsed(_page(factories.outcome(key=HOSTILE_NAME, kind=HOSTILE_NAME + '"'), previews={0: PREVIEW}))

    assert [bdi["title"] for bdi in seen.named("bdi")] == [HOSTILE_NAME]
    assert [image["alt"] for image in seen.named("img")] == [f'Drawn test picture: {HOSTILE_NAME}"']


@pytest.mark.parametrize("text", ["name", "title", "summary", "y_axis", "x_axis"])
def test_a_charts_text_with_an_event_handler_stays_text(text: str) -> None:
    changes: dict[str, Any] = {text: HOSTILE_NAME + '"'}

    seen = Parsed(bar_chart(replace(_bars([[3]]), **changes)))

    assert not seen.named("img")
    assert HOSTILE_NAME in seen.text + str(seen.named("title")[0]["id"])
    assert "onerror" not in {name for _, attributes in seen.elements for name in attributes}


def test_a_key_cannot_turn_the_line_round() -> None:
    html = _page(factories.outcome(key=HOSTILE), problems=[HOSTILE])

    assert "\u202e" not in html
    assert "\\u202e" in html


def test_the_page_loads_nothing() -> None:
    html = _page(factories.outcome(), previews={0: PREVIEW})
    seen = Parsed(html)

    sources = [
        value for _, attributes in seen.elements for name, value in attributes.items() if name in ("src", "href")
    ]
    assert sources == [PREVIEW]
    assert not seen.named("link")
    assert "url(" not in html
    assert "@import" not in html


def test_a_forbidding_policy_stands_in_the_page() -> None:
    [policy] = [meta for meta in Parsed(_page()).named("meta") if meta.get("http-equiv")]

    assert "default-src 'none'" in str(policy["content"])


def test_pictures_have_alternative_texts_and_columns_have_headers() -> None:
    seen = Parsed(_page(factories.outcome(), factories.outcome(), previews={0: PREVIEW}))

    assert all(image["alt"] for image in seen.named("img"))
    assert [span["aria-label"] for span in seen.named("span") if span.get("role") == "img"] == ["Picture not shown"]
    assert {head["scope"] for head in seen.named("th")} == {"col", "row"}


def test_a_run_with_problems_says_so_first() -> None:
    seen = Parsed(_page(factories.outcome(as_expected=False), problems=["a.jpg: no result"]))

    assert "Problems found: 1" in seen.text
    assert "a.jpg: no result" in seen.text


def test_a_run_without_uploads_or_requests_still_has_a_page() -> None:
    assert "All 0 uploads ended as expected" in Parsed(_page()).text


def test_a_drawn_picture_has_a_small_preview() -> None:
    data = make_preview(factories.picture(content=JPEG, drawn=True), "CLEAN")

    assert data is not None
    assert data.startswith("data:image/jpeg;base64,")
    assert len(data) < 5_000


def test_a_match_is_never_shown() -> None:
    assert make_preview(factories.picture(content=JPEG, drawn=True, expected=QUARANTINED), "CLEAN") is None
    assert make_preview(factories.picture(content=JPEG, drawn=True), "QUARANTINED") is None
    assert make_preview(factories.picture(content=JPEG, drawn=True), "MATCHED") is None


def test_a_users_picture_is_never_shown() -> None:
    assert make_preview(factories.picture(content=JPEG), "CLEAN") is None


def test_a_picture_without_a_verdict_is_not_shown() -> None:
    assert make_preview(factories.picture(content=JPEG, drawn=True), "") is None


def test_a_16_bit_picture_is_not_shown_as_white() -> None:
    deep = draw(1, (64, 64)).convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    white = encode(draw(1, (64, 64)).convert("L").point(lambda _: 255).convert("I;16"), "PNG")

    shown = make_preview(
        factories.picture(content=encode(deep, "PNG"), drawn=True, expected=UNSCANNABLE), "UNSCANNABLE"
    )

    assert shown is not None
    assert len(shown) > len(make_preview(factories.picture(content=white, drawn=True), "CLEAN") or "") + 100


def _bars(stacks: list[list[int]], limit: float | None = None) -> Bars:
    return Bars("b", "A <title>", "Words & more", stacks, ["bar", "refused"][: len(stacks[0])], 0.5, "y", "x", limit)


def _drawn(bars: Bars) -> ElementTree.Element:
    return ElementTree.fromstring(bar_chart(bars))  # noqa: S314 - no stranger's XML


def test_a_chart_is_well_formed_and_says_what_it_shows() -> None:
    svg = _drawn(_bars([[3, 0], [5, 1]], limit=10))

    assert svg.get("role") == "img"
    assert [svg.findtext("title"), svg.findtext("desc")] == ["A <title>", "Words & more"]


def test_a_bars_height_is_in_proportion_to_its_value_and_all_bars_stay_in_the_frame() -> None:
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
