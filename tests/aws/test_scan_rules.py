"""The rules of what is left unscanned, from the real table: read once in a minute, and never in the way of a scan."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from photodna_guard.aws.scan_rules import ScanRules
from photodna_guard.aws.table import Table
from photodna_guard.domain.models import Upload
from tests.aws.conftest import create_table
from tests.support.clock import ManualClock

UPLOAD = Upload("photos", "logs/a.jpg", "e", "v")


@pytest.fixture
def table(dynamodb: Any) -> Table:
    return Table(dynamodb, create_table(dynamodb, "operations", "OperationsTable"))


def write(dynamodb: Any, **more: object) -> None:
    subject = "s3://photos/logs/"
    item = {"partition": "scope", "id": subject, "kind": "prefix-left-out", "subject": subject} | more
    values = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    dynamodb.put_item(TableName="operations", Item=values)


def test_rule_holds_within_a_minute_of_one_read(dynamodb: Any, table: Table, clock: ManualClock) -> None:
    rules, asked = ScanRules(table, clock), list[Any]()
    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params))
    assert rules.find_reason_to_skip(UPLOAD) == ""
    write(dynamodb)
    clock.now += 59
    assert rules.find_reason_to_skip(UPLOAD) == ""
    clock.now += 1
    assert [rules.find_reason_to_skip(UPLOAD) for _ in range(3)] == ["prefix-left-out"] * 3
    write(dynamodb, removed={"by": "ann"})
    clock.now += 60
    assert rules.find_reason_to_skip(UPLOAD) == ""
    assert len(asked) == 3


def test_without_the_table_everything_is_scanned(dynamodb: Any, clock: ManualClock) -> None:
    assert ScanRules(Table(dynamodb, "missing"), clock).find_reason_to_skip(UPLOAD) == ""


def test_rules_that_were_read_hold_while_the_table_is_away(dynamodb: Any, table: Table, clock: ManualClock) -> None:
    write(dynamodb)
    rules = ScanRules(table, clock)
    assert rules.find_reason_to_skip(UPLOAD)
    dynamodb.delete_table(TableName="operations")
    clock.now += 60
    assert rules.find_reason_to_skip(UPLOAD) == "prefix-left-out"


def test_each_thread_of_a_new_container_knows_the_rules(dynamodb: Any, table: Table, clock: ManualClock) -> None:
    write(dynamodb)
    rules, asked = ScanRules(table, clock), list[Any]()

    def be_slow(**_: Any) -> None:
        asked.append(1)
        time.sleep(0.1)

    dynamodb.meta.events.register("before-send.dynamodb.Query", be_slow)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(rules.find_reason_to_skip, [UPLOAD] * 8))
    assert found == ["prefix-left-out"] * 8
    assert asked == [1]
