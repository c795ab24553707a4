"""What the renderer's child has used, of memory and of processor time."""

import os
from pathlib import Path


def read_peak(process_id: int) -> int:
    """Return the most megabytes of memory that a process has had."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def read_processor_seconds(process_id: int) -> float:
    """Return the processor time of a process, in user mode and in the kernel."""
    # The name, in parentheses, may hold blanks. utime and stime are the 14th and 15th field.
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
