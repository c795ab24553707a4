"""A stack's tables and queues in moto, and guardctl as an operator calls it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ops.guardctl.main import main
from ops.guardctl.target import Target
from ops.stack import Stack
from tests.aws.conftest import create_table
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

OUTPUTS = {
    "ResultsTableName": "results",
    "RateLimiterTableName": "limiter",
    "OperationsTableName": "operations",
    "QuarantineBucketName": "quarantine",
}
QUEUES = {"RetryQueue": "retry", "BackfillQueue": "backfill", "DeadLetterQueue": "dead"}


@dataclass
class Console:
    """Runs commands on one target. `code`, `out` and `err` are those of the last one."""

    target: Target
    capsys: pytest.CaptureFixture[str]
    code: int = 0
    out: str = ""
    err: str = ""

    def run(self, *arguments: str) -> int:
        self.capsys.readouterr()
        self.code = main(arguments, lambda *_: self.target)
        self.out, self.err = self.capsys.readouterr()
        return self.code

    def json(self, *arguments: str) -> Any:
        assert self.run(*arguments, "--json") == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def target(aws: None, clock: ManualClock) -> Target:
    dynamodb, sqs = SESSION.client("dynamodb"), SESSION.client("sqs")
    for name, logical_id in (
        ("results", "ResultsTable"),
        ("limiter", "RateLimiterTable"),
        ("operations", "OperationsTable"),
    ):
        create_table(dynamodb, name, logical_id)
    outputs = dict(OUTPUTS)
    for logical_id, name in QUEUES.items():
        outputs[f"{logical_id}Url"] = sqs.create_queue(QueueName=name)["QueueUrl"]
        outputs[f"{logical_id}Arn"] = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    stack = Stack("guard", outputs, {"RatePerSecond": "10", "MonthlyQuota": "1000"})
    make: Callable[[str], Any] = SESSION.client  # type: ignore[assignment]
    return Target(stack, "arn:aws:iam::1:user/ann", make, clock, clock.sleep)


@pytest.fixture
def console(target: Target, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(target, capsys)
