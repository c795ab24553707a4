"""The documents: every link resolves, the README keeps its limits, and the tables name what the template has."""

import re
from pathlib import Path

import pytest

from tests.support.dashboard import load_dashboard
from tests.support.markdown import anchors, broken_links, headings, linked_documents, links, table_rows
from tests.support.metrics import emitted_metrics
from tests.support.template import PARAMETERS, RESOURCES, ROOT, TEMPLATE

README = ROOT / "README.md"
DEPLOY, RESULTS, RUNBOOK = (ROOT / "docs" / name for name in ("deploy.md", "results.md", "runbook.md"))
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
PATTERNS = ("*.md", "docs/**/*.md", "events/README.md", "tests/**/README.md")
DOCUMENTS = sorted({document for pattern in PATTERNS for document in ROOT.glob(pattern)})
ALARMS = {
    name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == "AWS::CloudWatch::Alarm"
}
NAMED = re.compile(r"`([A-Za-z]+)`")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
each_decision = pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)


def text_of(document: Path) -> str:
    """Return a document's text."""
    return document.read_text(encoding="utf-8")


def first_names(document: Path, heading: str) -> list[str]:
    """Return the names in code in the first column of a section's tables."""
    return [name for row in table_rows(text_of(document), heading) for name in NAMED.findall(row[0])]


@each_document
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    assert broken_links(document) == []


@each_document
def test_document_has_one_title(document: Path) -> None:
    assert len(headings(text_of(document), level=1)) == 1


def test_every_document_is_reachable_from_the_readme() -> None:
    reached, waiting = set[Path](), [README]
    while waiting:
        document = waiting.pop()
        if document not in reached:
            reached.add(document)
            waiting.extend(linked_documents(document))
    assert set(DOCUMENTS) - reached == set()


def test_readme_keeps_its_limits() -> None:
    lines = text_of(README).splitlines()
    assert len(lines) <= 130
    assert [line for line in lines if len(line) > 100] == []
    assert len(text_of(README).split()) <= 1300


def test_readme_shows_two_diagrams_and_the_report() -> None:
    assert text_of(README).count("```mermaid\n") == 2
    assert "docs/images/demo-report.png" in links(text_of(README))


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_has_one_row_with_its_default(name: str) -> None:
    rows = [row for row in table_rows(text_of(DEPLOY), "Parameters") if f"`{name}`" in row[0]]
    assert len(rows) == 1
    default, shown = str(PARAMETERS[name]["Default"]), rows[0][1].strip("`")
    assert shown == default or (shown and not default)


def test_parameter_table_names_no_parameter_that_is_gone() -> None:
    assert set(first_names(DEPLOY, "Parameters")) <= set(PARAMETERS)


def test_output_table_names_exactly_the_outputs() -> None:
    assert sorted(first_names(DEPLOY, "Outputs")) == sorted(TEMPLATE["Outputs"])


def test_runbook_has_one_heading_for_each_alarm_and_for_no_other() -> None:
    named = [name for title in headings(text_of(RUNBOOK)) for name in NAMED.findall(title) if name.endswith("Alarm")]
    assert sorted(named) == sorted(ALARMS)


def test_runbook_names_only_alarms_that_exist() -> None:
    assert {name for name in NAMED.findall(text_of(RUNBOOK)) if name.endswith("Alarm")} == set(ALARMS)


def test_results_describe_exactly_the_metrics_that_are_emitted() -> None:
    assert sorted(first_names(RESULTS, "Metrics")) == sorted(emitted_metrics())


def test_every_alarm_says_that_the_runbook_has_its_entry() -> None:
    assert [name for name, alarm in ALARMS.items() if "docs/runbook.md" not in alarm["AlarmDescription"]] == []


def test_every_alarm_has_one_urgency() -> None:
    rows = table_rows(text_of(RUNBOOK), "Runbook: what to do about each alarm")
    assert sorted(name for row in rows for name in NAMED.findall(row[1])) == sorted(ALARMS)


def test_runbook_explains_each_widget_of_the_dashboard() -> None:
    titles = [widget["properties"]["title"] for widget in load_dashboard()["widgets"]]
    rows = table_rows(text_of(RUNBOOK), "The dashboard")
    assert [row[0] for row in rows] == titles
    assert all(all(cell.strip() for cell in row) for row in rows)


@each_decision
def test_decision_has_a_status_and_a_date(decision: Path) -> None:
    status = re.search(r"^- Status: (proposed|accepted|superseded .*)$", text_of(decision), re.MULTILINE)
    assert status
    assert re.search(r"^- Date: 20\d\d-[01]\d-[0-3]\d\b", text_of(decision), re.MULTILINE)
    if status[1].startswith("superseded"):
        assert re.search(r"\bby \[\d{4}\]\(\d{4}-[\w-]+\.md\)", status[1])


@each_decision
def test_decision_begins_with_its_number_and_is_in_the_index(decision: Path) -> None:
    assert text_of(decision).startswith(f"# {decision.name[:4]} ")
    assert f"({decision.name})" in text_of(decision.with_name("README.md"))


def test_no_two_decisions_share_a_number() -> None:
    numbers = [decision.name[:4] for decision in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_every_decision_that_code_names_exists() -> None:
    sources = [ROOT / "template.yaml", *(ROOT / "src").rglob("*.py"), *(ROOT / "local").rglob("*.py")]
    named = {number for source in sources for number in re.findall(r"docs/decisions/(\d{4})", text_of(source))}
    assert named
    assert named <= {decision.name[:4] for decision in DECISIONS}


def test_latest_release_of_the_changelog_is_the_version() -> None:
    package = next((ROOT / "src").glob("*/__init__.py"))
    version = re.search(r'^__version__ = "(.+)"$', text_of(package), re.MULTILINE)
    released = re.search(r"^## \[(\d+\.\d+\.\d+)\] - 20\d\d-\d\d-\d\d$", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert version
    assert released
    assert released[1] == version[1]


@pytest.mark.parametrize("target", ["gone.md", "there.md#gone", "#gone", "script.py#title"])
def test_link_that_leads_nowhere_is_found(tmp_path: Path, target: str) -> None:
    (tmp_path / "there.md").write_text("# Title\n")
    (tmp_path / "script.py").write_text("# Title\n")
    (tmp_path / "a.md").write_text(
        f"# A\n[good](there.md#title) [bad]({target}) `[code](gone.md)` [web](https://a.b/c)\n"
    )
    assert broken_links(tmp_path / "a.md") == [target]


def test_anchors_are_those_that_github_gives() -> None:
    text = "# A match (`MatchAlarm`)\n## It's 80 %, *so* far\n## Same\n## Same\n```sh\n# no heading\n```\n"
    assert anchors(text) == {"a-match-matchalarm", "its-80--so-far", "same", "same-1"}
