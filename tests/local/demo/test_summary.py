"""The lines below the console's table."""

from local.demo.summary import summary_lines
from tests.local.demo import factories
from tests.local.demo.factories import checked_upload


def test_the_summary_tells_everything_in_few_lines() -> None:
    run = factories.run(
        checked_upload(),
        checked_upload(status="QUARANTINED"),
        checked_upload(status="SKIPPED", reason="empty"),
        checked_upload(status="UNSCANNABLE", reason="damaged"),
        alone=checked_upload(seconds_to_verdict=0.31),
    )

    lines = list(summary_lines(run))

    assert lines[:5] == [
        "4 uploads in 3.0 s:",
        "    2 got a verdict of the service: 1 clean, 1 match",
        "    1 skipped: no picture to ask about: 1 empty",
        "    1 could not be scanned: 1 damaged",
        "    0 still open",
    ]
    assert "One upload alone, after the others had settled, took 0.31 s." in lines
    assert len(lines) <= 10


def test_open_uploads_are_said_loudly() -> None:
    assert "    1 STILL OPEN: 1 no result" in list(summary_lines(factories.run(checked_upload(status=""))))


def test_a_hostile_reason_cannot_move_the_cursor() -> None:
    text = "".join(summary_lines(factories.run(checked_upload(status="UNSCANNABLE", reason="a\x1b[2Jb"))))

    assert text.isprintable()


def test_the_last_line_says_that_every_upload_ended_as_expected() -> None:
    *_, last = summary_lines(factories.run(factories.checked_upload()))

    assert last == "All 1 uploads ended as expected."


def test_problems_are_listed_at_the_end() -> None:
    *_, title, first, second = summary_lines(
        factories.run(factories.checked_upload(), problems=["a: no result", "b\x1b: gone"])
    )

    assert title == "Problems found: 2"
    assert (first, second) == ("  - a: no result", "  - b\\x1b: gone")


def test_a_file_that_was_not_uploaded_is_listed() -> None:
    assert "Not uploaded: notes: no picture" in list(summary_lines(factories.run(left_out=["notes: no picture"])))
