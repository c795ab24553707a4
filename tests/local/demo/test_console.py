"""The console output."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from local.demo import console as output
from local.demo.__main__ import main
from local.demo.text import escape_invisible, shorten_middle
from tests.local.demo import factories

HOSTILE = "a[red]b\x1b[2Jc\r\nd\u202e.jpg"


def _log() -> Console:
    return Console(file=io.StringIO(), width=132, color_system=None)


def _said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_nothing_but_plain_lines_is_written() -> None:
    console, run = _log(), factories.run(factories.checked_upload(key=HOSTILE), problems=["x"])

    with output.show_progress(console, 2) as show:
        show(1, 3.0)
        show(2, 4.0)
    console.print(output.verdict_table(run, 132))

    assert all(character == "\n" or character.isprintable() for character in _said(console))
    assert "2 of 2 verdicts" in _said(console)


def test_lines_of_progress_are_few() -> None:
    console = _log()

    with output.show_progress(console, 1000) as show:
        for settled in range(1000):
            show(settled, 9.0)

    assert len(_said(console).splitlines()) <= 2


def test_a_key_is_shown_as_it_is_and_not_as_markup() -> None:
    console = _log()

    console.print(output.verdict_table(factories.run(factories.checked_upload(key=HOSTILE)), 132))

    assert "a[red]b\\x1b[2Jc" in _said(console)


def test_a_narrow_table_keeps_key_and_verdict_on_one_line() -> None:
    console = Console(file=io.StringIO(), width=80, color_system=None)

    console.print(
        output.verdict_table(
            factories.run(factories.checked_upload(key="k" * 200, status="QUARANTINED", reason="r" * 200)), 80
        )
    )

    [row] = [line for line in _said(console).splitlines() if "kkk" in line]
    assert "QUARANTINED" in row


def test_a_long_key_keeps_both_its_ends() -> None:
    short = shorten_middle("a" * 50 + "b" * 50, 21)

    assert len(short) == 21
    assert short.startswith("aaa")
    assert short.endswith("bbb")
    assert shorten_middle("short", 21) == "short"


def test_ordinary_letters_of_any_script_stay_as_they_are() -> None:
    assert escape_invisible("Zoë 写真 🏖 صورة") == "Zoë 写真 🏖 صورة"


def test_a_missing_directory_ends_the_demo_with_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = main([str(tmp_path / "nowhere")])

    assert code == 2
    assert "There is no directory" in capsys.readouterr().out
