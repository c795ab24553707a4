"""guardctl canary: what may be a sample, who set it, and what is said of its runs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.guardctl.doctor import service
from ops.guardctl.samples import RUN_SECONDS, read_sample
from ops.guardctl.target import Target
from photodna_guard.aws.canary_store import CanaryStore
from photodna_guard.aws.table import Table
from photodna_guard.domain.canary import MAX_SAMPLE_BYTES, CanaryOutcome, CanaryRun, SampleName
from tests.ops.guardctl.conftest import Console
from tests.ops.guardctl.doctor_stack import DoctorStack, make_stack
from tests.support.clock import NOW, ManualClock
from tests.support.moto_aws import SESSION

WHY = ("--reason", "a test", "--yes")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Function:
    """The canary's function, which records this outcome, or nothing."""

    def __init__(self, clock: ManualClock, run: CanaryRun | None) -> None:
        dynamodb = SESSION.client("dynamodb")
        self.store = CanaryStore(Table(dynamodb, "operations", clock), Table(dynamodb, "limiter", clock))
        self.outcome, self.pictures = run, list[bytes]()

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803
        assert (FunctionName, InvocationType) == ("canary-arn", "Event")
        event = json.loads(Payload)
        name = SampleName(event["sample"])
        sample = self.store.read_sample(name)
        assert sample
        self.pictures.append(sample.picture)
        if self.outcome:
            self.store.record_run(name, event["run_id"], self.outcome)


def with_function(target: Target, clock: ManualClock, run: CanaryRun | None) -> tuple[Target, Function]:
    made, function = target.client, Function(clock, run)
    stack = replace(target.stack, outputs={**target.stack.outputs, "CanaryFunctionArn": "canary-arn"})
    found = replace(target, stack=stack, client=lambda name: function if name == "lambda" else made(name))
    return found, function


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    (tmp_path / "sample.png").write_bytes(PNG)
    return tmp_path / "sample.png"


@pytest.mark.parametrize(
    ("run", "code", "said"),
    [
        (CanaryRun(CanaryOutcome.TEST, "", "T-1"), 0, "came back as Test"),
        (CanaryRun(CanaryOutcome.FAILED, "http-401"), 1, "Put the right subscription key"),
        (CanaryRun(CanaryOutcome.FAILED, "http-404"), 1, "MatchEndpoint"),
        (CanaryRun(CanaryOutcome.FAILED, "no-match"), 1, "Is the picture one of the service's sample set"),
        (CanaryRun(CanaryOutcome.DEFERRED, "paused"), 1, "guardctl status"),
    ],
)
def test_run_says_what_came_back_and_what_to_do(
    target: Target,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
    picture: Path,
    run: Any,
    code: int,
    said: str,
) -> None:
    connected, function = with_function(target, clock, run)
    console = Console(connected, capsys)
    assert console.run("canary", "set", str(picture), *WHY) == 0
    assert console.run("canary", "run") == code
    assert said in console.out
    assert function.pictures == [PNG]
    assert console.json("canary", "status")["last_run"]["outcome"] == run.outcome


def test_function_that_records_nothing_is_told_after_a_while(
    target: Target, clock: ManualClock, capsys: pytest.CaptureFixture[str], picture: Path
) -> None:
    console = Console(with_function(target, clock, None)[0], capsys)
    console.run("canary", "set", str(picture), *WHY)
    assert console.run("canary", "run") == 2
    assert "OnCanaryFunction has recorded no run" in console.err
    assert clock.now - NOW >= RUN_SECONDS


def test_who_set_and_who_cleared_the_sample_is_kept(console: Console, picture: Path) -> None:
    assert console.json("canary", "set", str(picture), *WHY)["by"] == "arn:aws:iam::1:user/ann"
    assert console.json("canary", "status")["sample"]["bytes"] == len(PNG)
    assert console.json("canary", "clear", *WHY)["was"]["media_type"] == "image/png"
    assert console.json("canary", "status") == {"sample": {}, "last_run": None}
    assert {entry["action"] for entry in console.json("journal")} == {"canary clear", "canary set"}
    assert console.run("canary", "clear", *WHY) == 0
    assert "nothing to clear" in console.out
    assert console.run("canary", "run") == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"text", "is no picture of a type that the service takes"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "is no picture of a type that the service takes"),
        (PNG + bytes(MAX_SAMPLE_BYTES), "Take a sample of at most 350,000"),
        (None, "cannot be read"),
    ],
)
def test_file_that_is_no_sample_is_refused_in_one_line(
    console: Console, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    assert console.run("canary", "set", str(file), *WHY) == 2
    assert said in console.err
    assert console.err.count("\n") == 1
    assert console.json("journal") == []


def test_largest_sample_fits_into_an_item(console: Console, target: Target, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(PNG[:8] + bytes(MAX_SAMPLE_BYTES - 8))
    assert len(read_sample(tmp_path / "large.png").picture) == MAX_SAMPLE_BYTES
    assert console.run("canary", "set", str(tmp_path / "large.png"), *WHY) == 0


def test_nothing_is_set_without_an_answer(console: Console, picture: Path) -> None:
    assert console.run("canary", "set", str(picture), "--reason", "why") == 2
    assert console.json("canary", "status")["sample"] == {}


def make_doctor(target: Target, clock: ManualClock, run: CanaryRun | None) -> tuple[DoctorStack, Function]:
    stack = make_stack(target)
    stack.target, function = with_function(stack.target, clock, run)
    return stack, function


def test_doctor_tells_of_a_canary_that_is_not_set_failed_or_stopped(
    target: Target, clock: ManualClock, capsys: pytest.CaptureFixture[str], picture: Path
) -> None:
    stack, _ = make_doctor(target, clock, CanaryRun(CanaryOutcome.FAILED, "http-401"))
    console = Console(stack.target, capsys)
    assert stack.levels(service.check_canary) == {"canary": "warning"}
    console.run("canary", "set", str(picture), *WHY)
    assert stack.levels(service.check_canary) == {"canary": "warning"}
    console.run("canary", "run")
    finding = stack.find(service.check_canary)["sample"]
    assert (finding.level, "subscription key" in finding.mend) == ("fault", True)
    clock.now += 4 * 3600
    assert stack.levels(service.check_canary) == {"canary": "warning", "sample": "fault"}


def test_sample_of_doctor_leaves_the_scheduled_one_alone(target: Target, clock: ManualClock, picture: Path) -> None:
    stack, function = make_doctor(target, clock, CanaryRun(CanaryOutcome.TEST))
    check = service.make_sample_check(read_sample(picture))
    assert stack.levels(check) == {"sample": "ok"}
    assert function.pictures == [PNG]
    assert function.store.read_sample(SampleName.SCHEDULED) is None
    assert function.store.read_sample(SampleName.TRIAL) is None
