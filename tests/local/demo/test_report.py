"""The HTML report: self-contained, escaped, and without a match's picture."""

from datetime import UTC, datetime

import pytest

from local.demo.checked_upload import CheckedUpload, Run
from local.demo.report import render_report
from tests.local.demo import factories
from tests.local.demo.factories import HOSTILE_NAME
from tests.local.demo.parsed_html import Parsed

PREVIEW = "data:image/jpeg;base64,AAAA"
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOSTILE = "a\"'<script>alert(1)</script><img src=//x onerror=y>&amp;\u202e.jpg"


def _page(
    *checked_uploads: CheckedUpload, previews: dict[int, str] | None = None, problems: list[str] | None = None
) -> str:
    run = factories.run(*checked_uploads, problems=problems or [])
    return render_report(run, previews or {}, WHEN)


def test_the_page_says_that_the_matcher_is_an_emulator() -> None:
    assert "The matcher is an emulator, not PhotoDNA." in Parsed(_page(factories.checked_upload())).text


def test_a_hostile_key_or_reason_stays_text() -> None:
    match = {"source": HOSTILE, "match_id": HOSTILE, "distance": 3}
    hostile = factories.checked_upload(key=HOSTILE, kind=HOSTILE, reason=HOSTILE, status=HOSTILE, matches=[match])

    seen = Parsed(_page(hostile, problems=[HOSTILE]))

    assert not seen.named("script")
    assert not seen.named("img")
    assert "<script>alert(1)</script>" in seen.text
    assert "onerror" not in {name for _, attributes in seen.elements for name in attributes}


@pytest.mark.parametrize(
    "run",
    [
        factories.run(factories.checked_upload(key=HOSTILE_NAME)),
        factories.run(factories.checked_upload(kind=HOSTILE_NAME)),
        factories.run(factories.checked_upload(status=HOSTILE_NAME)),
        factories.run(factories.checked_upload(expected=["CLEAN", HOSTILE_NAME])),
        factories.run(factories.checked_upload(reason=HOSTILE_NAME)),
        factories.run(factories.checked_upload(matches=[{"source": HOSTILE_NAME}])),
        factories.run(factories.checked_upload(matches=[{"source": "Test", "match_id": HOSTILE_NAME}])),
        factories.run(factories.checked_upload(matches=[{"source": "Test", "distance": HOSTILE_NAME}])),
        factories.run(factories.checked_upload(status="UNSCANNABLE", reason=HOSTILE_NAME)),
        factories.run(problems=[f"{HOSTILE_NAME}: no result"]),
        factories.run(left_out=[f"{HOSTILE_NAME}: it cannot be read"]),
    ],
    ids=[
        "key",
        "kind",
        "status",
        "expected",
        "reason",
        "source",
        "match_id",
        "distance",
        "counted",
        "problem",
        "left_out",
    ],
)
def test_a_name_with_an_event_handler_stays_text_in_every_place(run: Run) -> None:
    seen = Parsed(render_report(run, {0: PREVIEW}, WHEN))

    assert HOSTILE_NAME in seen.text
    assert {image["src"] for image in seen.named("img")} <= {PREVIEW}
    assert "onerror" not in {name for _, attributes in seen.elements for name in attributes}


def test_a_hostile_key_and_kind_stay_whole_in_their_attributes() -> None:
    seen = Parsed(_page(factories.checked_upload(key=HOSTILE_NAME, kind=HOSTILE_NAME + '"'), previews={0: PREVIEW}))

    assert [bdi["title"] for bdi in seen.named("bdi")] == [HOSTILE_NAME]
    assert [image["alt"] for image in seen.named("img")] == [f'Preview: {HOSTILE_NAME}"']


def test_a_key_cannot_turn_the_line_round() -> None:
    html = _page(factories.checked_upload(key=HOSTILE), problems=[HOSTILE])

    assert "\u202e" not in html
    assert "\\u202e" in html


def test_the_page_loads_nothing() -> None:
    html = _page(factories.checked_upload(), previews={0: PREVIEW})
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
    seen = Parsed(_page(factories.checked_upload(), factories.checked_upload(), previews={0: PREVIEW}))

    assert all(image["alt"] for image in seen.named("img"))
    assert [span["aria-label"] for span in seen.named("span") if span.get("role") == "img"] == ["Picture not shown"]
    assert {head["scope"] for head in seen.named("th")} == {"col", "row"}


def test_a_run_with_problems_says_so_first() -> None:
    seen = Parsed(_page(factories.checked_upload(as_expected=False), problems=["a.jpg: no result"]))

    assert "Problems found: 1" in seen.text
    assert "a.jpg: no result" in seen.text


def test_a_run_without_uploads_or_requests_still_has_a_page() -> None:
    assert "All 0 uploads ended as expected" in Parsed(_page()).text


def test_the_groups_are_counted_in_words_and_the_bar_has_their_shares() -> None:
    seen = Parsed(
        _page(
            factories.checked_upload(),
            factories.checked_upload(status="QUARANTINED"),
            factories.checked_upload(status="SKIPPED", reason="empty"),
        )
    )

    shares = {str(span["class"]): span["style"] for span in seen.named("span") if "flex-grow" in str(span.get("style"))}
    assert shares == {"verdict": "flex-grow: 2", "skipped": "flex-grow: 1"}
    assert "1 clean, 1 match" in seen.text
    assert "An empty object or a folder marker." in seen.text


def test_an_open_upload_is_said_loudly_and_none_is_not() -> None:
    loud = Parsed(_page(factories.checked_upload(), factories.checked_upload(status="", seconds_to_verdict=None)))
    quiet = Parsed(_page(factories.checked_upload()))

    assert "1 upload still open." in loud.text
    assert [p["class"] for p in loud.named("p") if p.get("role") == "alert"] == ["still-open"]
    assert not [p for p in quiet.named("p") if p.get("role") == "alert"]


def test_the_burst_stands_beside_one_upload_alone() -> None:
    run = factories.run(factories.checked_upload(), alone=factories.checked_upload(seconds_to_verdict=0.31))

    seen = Parsed(render_report(run, {}, WHEN))

    assert "One upload alone, after the others had settled, took 0.31 s." in seen.text
    assert "0.31 s" in seen.text.partition("one upload alone")[2]
