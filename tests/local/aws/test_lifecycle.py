"""Start and end of the embedded AWS: errors name their cause, and no process is left."""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.aws import EmbeddedAws
from local.aws.template import TemplateError
from tests.local.processes import StartPython, list_descendants, list_processes, python_starter

pytestmark = pytest.mark.slow

TOY = Path(__file__).parent / "toy/template.yaml"

OWNER = f"""
    import threading
    from pathlib import Path
    from local.aws import EmbeddedAws

    with EmbeddedAws(template=Path({str(TOY)!r}), log_dir=Path("logs")) as aws:
        print(aws.invoke("Probe", {{}}).payload["pid"])
        threading.Thread(target=aws.invoke, args=("Witness", {{"hold": 60}}), daemon=True).start()
        print("ready")
        threading.Event().wait()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartPython]:
    with python_starter(tmp_path) as start_:
        yield start_


def test_killed_owner_leaves_no_process(start: StartPython, eventually: Callable[..., bool]) -> None:
    owner = start("-c", textwrap.dedent(OWNER))
    assert owner.stdout is not None
    function = int(owner.stdout.readline())
    assert owner.stdout.readline() == "ready\n"
    children = list_descendants(owner.pid)
    assert function in children
    assert len(children) >= 3

    owner.send_signal(signal.SIGKILL)

    assert eventually(lambda: not list_processes().keys() & children, within=5)


def test_exit_ends_every_process(tmp_path: Path) -> None:
    before = list_descendants(os.getpid())
    with EmbeddedAws(template=TOY, log_dir=tmp_path) as aws:
        aws.invoke("Probe", {})
        children = list_descendants(os.getpid()) - before

    assert len(children) >= 3
    assert not list_processes().keys() & children


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{Type: AWS::Amazing::Thing}", "Odd: AWS::Amazing::Thing"),
        ("{Type: AWS::SNS::Topic, Properties: {TopicName: {'Fn::GetAtt': [Missing, Arn]}}}", "Missing"),
    ],
    ids=["unknown type", "unknown reference"],
)
def test_failed_stack_error_names_the_resource(tmp_path: Path, text: str, named: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Resources:\n  Odd: {text}\n")

    with pytest.raises(TemplateError) as caught:
        EmbeddedAws(template=template, log_dir=tmp_path).__enter__()

    assert named in str(caught.value)
