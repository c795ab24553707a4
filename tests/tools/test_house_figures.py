"""make figures: the rows that it prints for a repository."""

import subprocess
from pathlib import Path

import pytest

from tools import house_figures

CODE = '"""A rate limiter."""\n\nPAUSE = 3  # seconds\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "src/app/__init__.py": CODE,
        "tests/test_app.py": "x = 1\n" * 6,
        "README.md": "# App\n\nIt has a fallback.\n",
        "docs/decisions/0001.md": "One priority, two priorities.\n",
        "src/app/untracked.py": "y = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607
    tracked = [name for name in files if "untracked" not in name]
    subprocess.run(["git", "add", *tracked], cwd=tmp_path, check=True)  # noqa: S603, S607
    return tmp_path


def test_source_rows_measure_tracked_files_of_the_package(project: Path) -> None:
    values = {figure: value for figure, value, _ in house_figures.source_rows(project, "src/app")}
    assert values["lines of a file: median / p90 / largest"] == "3 / 3 / 3"
    assert values["files of more than 200 lines"] == "0"
    assert values["trailing comments for 100 lines of code"] == "100.0"
    assert values["public names with a docstring"] == "100.0%"


def test_production_row_compares_python_outside_the_package_with_it(project: Path) -> None:
    assert house_figures.production_row(project, "src/app")[1] == "2.0"


def test_document_rows_count_words_and_terms(project: Path) -> None:
    values = {figure: value for figure, value, _ in house_figures.document_rows(project, "src/app")}
    assert (values["lines of README.md"], values["words of README.md"]) == ("3", "6")
    assert values["*rate limit*: in source / README / decisions"] == "1 / 0 / 0"
    assert values["*fallback*: in source / README / decisions"] == "0 / 1 / 0"
    assert values["*priority*: in source / README / decisions"] == "0 / 0 / 2"


def test_stack_row_counts_frames_of_the_real_handler() -> None:
    frames = house_figures.stack_row(house_figures.ROOT, "src/photodna_guard", "photodna_guard.handlers.on_upload")
    assert int(frames[1]) >= 3


def test_stack_row_says_so_where_no_s3_call_is_made() -> None:
    missing = house_figures.stack_row(house_figures.ROOT, "src/photodna_guard", "photodna_guard.handlers.missing")
    assert missing[1] == "no S3 call"


def test_table_is_markdown() -> None:
    assert house_figures.as_markdown([("lines", "3", "<= 5")]).splitlines() == [
        "| figure | value | target |",
        "| --- | --- | --- |",
        "| lines | 3 | <= 5 |",
    ]
