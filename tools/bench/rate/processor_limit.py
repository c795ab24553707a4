"""Give a process a share of a processor by a control group (Linux, as root), as Lambda gives one with its memory."""

import os
import uuid
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# Lambda's functions with less than one processor run in slices of 20 ms: measured by others, published nowhere by AWS.
PERIOD_MICROSECONDS = 20_000
# AWS Lambda Developer Guide, "Configure Lambda function memory": a function with 1,769 MB has one vCPU.
MEGABYTES_OF_ONE_PROCESSOR = 1769


def processor_share(megabytes: float) -> float:
    """Return the part of one processor that Lambda gives to a function with that memory."""
    return megabytes / MEGABYTES_OF_ONE_PROCESSOR


class CannotLimitError(Exception):
    """This machine lets nobody here make a control group with a share of a processor."""


class ProcessorLimit:
    """A control group whose processes share a part of one processor."""

    def __init__(self, share: float, root: Path = ROOT) -> None:
        """Make the group. Raises CannotLimitError."""
        is_second_version = (root / "cgroup.controllers").exists()
        self._group = (root if is_second_version else root / "cpu") / f"bench-{uuid.uuid4().hex[:12]}"
        quota = round(share * PERIOD_MICROSECONDS)
        try:
            self._group.mkdir()
            if is_second_version:
                self._write("cpu.max", f"{quota} {PERIOD_MICROSECONDS}")
            else:
                self._write("cpu.cfs_period_us", str(PERIOD_MICROSECONDS))
                self._write("cpu.cfs_quota_us", str(quota))
        except OSError as error:
            raise CannotLimitError(f"no share of a processor can be set here: {error}") from error

    def add(self, pid: int) -> None:
        """Limit a process, its threads and its later children."""
        self._write("cgroup.procs", str(pid))

    def throttled_periods(self) -> float:
        """Return the part of the periods in which a process wanted more than its share."""
        lines = (self._group / "cpu.stat").read_text(encoding="ascii").splitlines()
        counts = dict(line.split() for line in lines)
        return int(counts["nr_throttled"]) / max(1, int(counts["nr_periods"]))

    def remove(self) -> None:
        """Remove the group, whose processes have ended."""
        self._group.rmdir()

    def _write(self, file: str, value: str) -> None:
        (self._group / file).write_text(value, encoding="ascii")


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    # The second field, the name in parentheses, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
