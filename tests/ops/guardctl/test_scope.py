"""guardctl scope: rules that the scanners read, each with who, when and why."""

from dataclasses import replace

import pytest

from ops.guardctl.target import Target
from photodna_guard.aws.scan_rules import ScanRules
from photodna_guard.aws.table import Table
from photodna_guard.domain.models import Upload
from tests.ops.guardctl.conftest import Console
from tests.support.moto_aws import SESSION

WHY = ("--reason", "logs are no uploads", "--yes")
ROLE = "AROAEXAMPLEROLE12345"


def reason_of(target: Target, key: str, principal: str = "") -> str:
    """Return why the scanners skip an upload, from a first read of the rules."""
    rules = ScanRules(Table(SESSION.client("dynamodb"), target.stack.output("OperationsTableName")))
    return rules.find_reason_to_skip(Upload("uploads", key, "e", "v", principal=principal))


def test_scanners_do_what_the_rules_say_until_they_are_removed(console: Console, target: Target) -> None:
    assert reason_of(target, "logs/a") == ""
    console.json("scope", "leave-out", "s3://uploads/logs/", *WHY)
    assert reason_of(target, "logs/a") == "prefix-left-out"
    console.json("scope", "trust", ROLE, *WHY)
    assert reason_of(target, "a", f"AWS:{ROLE}:me") == "trusted-writer"
    console.json("scope", "only", "s3://uploads/in/", *WHY)
    assert reason_of(target, "elsewhere") == "prefix-left-out"
    (first, *_) = console.json("scope", "list")
    assert (first["by"], first["reason"]) == (target.who, WHY[1])
    for subject in ("s3://uploads/logs/", ROLE, "s3://uploads/in/"):
        console.json("scope", "remove", subject, *WHY)
        console.run("journal")
        assert "scope remove" in console.out
    assert console.json("scope", "list") == []
    assert reason_of(target, "logs/a", f"AWS:{ROLE}:me") == ""
    assert console.run("scope", "list") == 0
    assert "Everything is scanned" in console.out


@pytest.mark.parametrize(
    "call",
    [
        ("leave-out", "uploads/logs"),
        ("only", "s3://uploads"),
        ("trust", "arn:aws:iam::123456789012:role/me"),
        ("remove", "s3://uploads/none"),
        ("only", "s3://another-bucket/in/"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(console: Console, call: tuple[str, str]) -> None:
    assert console.run("scope", *call, *WHY) == 2
    assert len(console.err.strip().splitlines()) == 1
    assert console.json("scope", "list") == []


def test_without_terminal_or_yes_nothing_is_left_out(console: Console) -> None:
    assert console.run("scope", "leave-out", "s3://uploads/", "--reason", "x") == 2
    assert console.json("scope", "list") == []


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"ReadGate": "on", "ReadableStatuses": "clean,skipped"}, "Nobody can read them unless"),
        ({"ReadGate": "on", "ReadableStatuses": "clean,prefix-left-out"}, "They can be read"),
        ({"ReadGate": "off", "ReadableStatuses": "clean"}, "They can be read"),
    ],
)
def test_it_is_said_whether_anybody_can_read_what_is_left_out(
    console: Console, parameters: dict[str, str], said: str
) -> None:
    given = {**console.target.stack.parameters, **parameters}
    console.target = replace(console.target, stack=replace(console.target.stack, parameters=given))
    for rule in ("leave-out", "only"):
        console.run("scope", rule, "s3://uploads/logs/", *WHY)
        assert said in console.out
