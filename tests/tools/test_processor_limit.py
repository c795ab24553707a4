"""tools/bench/rate/processor_limit.py and processor_share.py: control groups of both versions, and the table."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tools.bench.rate.processor_limit import CannotLimitError, ProcessorLimit, processor_seconds, processor_share
from tools.bench.rate.processor_share import build_share_tables


def read_files(group: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in group.iterdir()}


def test_memory_gives_its_share_of_a_processor() -> None:
    assert [round(processor_share(megabytes), 2) for megabytes in (512, 1024, 1769)] == [0.29, 0.58, 1.0]


def test_group_of_the_second_version_gets_quota_and_period(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu")
    ProcessorLimit(0.29, tmp_path).add(4711)
    (group,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert read_files(group) == {"cpu.max": "5800 20000", "cgroup.procs": "4711"}


def test_group_of_the_first_version_gets_quota_and_period(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    ProcessorLimit(0.58, tmp_path).add(4711)
    (group,) = (tmp_path / "cpu").iterdir()
    assert read_files(group) == {"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "11600", "cgroup.procs": "4711"}


def test_throttled_periods_are_a_part_of_all(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    limit = ProcessorLimit(1.0, tmp_path)
    (group,) = (tmp_path / "cpu").iterdir()
    (group / "cpu.stat").write_text("nr_periods 40\nnr_throttled 10\nthrottled_time 77\n")
    assert limit.throttled_periods() == 0.25


def test_machine_without_control_groups_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotLimitError, match="no share of a processor can be set here"):
        ProcessorLimit(1.0, tmp_path / "nothing")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
def test_processor_seconds_are_those_of_the_process() -> None:
    times = os.times()
    assert processor_seconds(os.getpid()) == pytest.approx(times.user + times.system, abs=0.5)


def render(result: dict[str, Any]) -> str:
    console = Console(width=200, file=io.StringIO())
    for table in build_share_tables(result):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_table_shows_each_run_and_the_reason_without_any() -> None:
    run = {"kind": "url", "megabytes": 512, "processors": 0.29, "workers": 6, "utilization": 0.9668, "unused_slots": 0}
    run |= {"largest_window": 10, "processor_ms_per_request": 17.9, "throttled_periods": 0.169}
    unlimited = run | {"megabytes": None, "processors": None, "utilization": 0.5}
    shown = render({"runs": [run | {"requests_per_second": 9.9}, unlimited | {"requests_per_second": None}]})
    assert ["0.29" in shown, "0.967" in shown, "17.9" in shown, "all" in shown] == [True] * 4
    assert "no share of a processor" in render({"runs": [], "skipped": "no share of a processor can be set here"})
