"""Record how long the machine delays a process that only sleeps and wakes: its stalls.

The emulator's clock suffers the same stalls. A request that waits for its server's processor arrives late by that
time, whatever its sender did.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws.helper_process import HelperProcess

LOG = Path("build/bench/stalls.log")
STEP = 0.005  # seconds


@contextmanager
def record_stalls() -> Iterator[list[float]]:
    """Yield a list that gets the longest stall (ms) of each second."""
    stalls: list[float] = []
    helper = HelperProcess("stalls", [sys.executable, "-m", "tools.bench.rate.stalls"], LOG)
    reader = threading.Thread(target=lambda: stalls.extend(line["ms"] for line in helper.iter_messages()), daemon=True)
    reader.start()
    try:
        yield stalls
    finally:
        helper.stop()
        reader.join(5.0)


def main() -> None:
    """Print {"ms": ...} each second until standard input ends."""
    parent = threading.Thread(target=sys.stdin.buffer.read, daemon=True)
    parent.start()
    while parent.is_alive():
        longest, end = 0.0, time.monotonic() + 1
        while (now := time.monotonic()) < end:
            time.sleep(STEP)
            longest = max(longest, time.monotonic() - now - STEP)
        print(json.dumps({"ms": round(longest * 1000, 1)}), flush=True)


if __name__ == "__main__":
    main()
