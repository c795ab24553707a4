"""Measure the rate and missed slots of workers that have as much of a processor as Lambda gives with a memory size.

Six workers send URLs, as most uploads are checked. One worker makes renditions of photographs, which costs most.
"""

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from local.aws import template
from local.aws.helper_process import HelperProcess
from local.pictures import draw, encode
from local.stack import TEMPLATE, EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate import backlog, measurements
from tools.bench.rate.defaults import LIMIT, WORKERS
from tools.bench.rate.many_workers import start_worker
from tools.bench.rate.processor_limit import CannotLimitError, ProcessorLimit, processor_seconds, processor_share

LATENCY = 1.0
# The smallest allowed memory, the template's default, and one whole processor. None: no limit.
MEMORIES: tuple[int | None, ...] = (512, 1024, 1769, None)
DEFAULT_MEMORY = int(template.load(TEMPLATE)["Parameters"]["MemorySize"]["Default"])
MIN_UTILIZATION = 0.95
PHOTOGRAPH = (4000, 3000)
# A process that ends leaves its group a moment later.
END_SECONDS = 1.0
_COLUMNS = ("workers", "utilization", "unused_slots", "largest_window", "processor_ms_per_request", "throttled_periods")


def run_processor_shares(quick: bool) -> dict[str, Any]:
    """Return the figures for each memory size, or why they cannot be measured here."""
    try:
        ProcessorLimit(1.0).remove()
    except CannotLimitError as error:
        return {"skipped": str(error), "runs": [], "reached": True}
    batches = 8 if quick else 18
    runs = [measure_urls(batches * MAX_BATCH, memory) for memory in MEMORIES]
    runs += [measure_renditions(3 * MAX_BATCH, memory) for memory in MEMORIES]
    reached = all(_keeps_rate(run) for run in runs if run["megabytes"] == DEFAULT_MEMORY and run["kind"] == "url")
    return {"default_megabytes": DEFAULT_MEMORY, "goal": MIN_UTILIZATION, "runs": runs, "reached": reached}


def _keeps_rate(run: Mapping[str, Any]) -> bool:
    return bool(run["utilization"] >= MIN_UTILIZATION and run["largest_window"] <= run["window_limit"])


def measure_urls(uploads: int, megabytes: int | None) -> dict[str, Any]:
    """Return the figures of the template's workers, each with that memory's share; None: without a limit."""
    return {"kind": "url"} | _measure(uploads, megabytes, WORKERS, None, {})


def measure_renditions(uploads: int, megabytes: int | None) -> dict[str, Any]:
    """Return the figures of one worker that makes a rendition of each photograph."""
    photograph = encode(draw(1, PHOTOGRAPH), "JPEG")
    return {"kind": "rendition"} | _measure(uploads, megabytes, 1, photograph, {"Representation": "rendition"})


def build_share_tables(result: Mapping[str, Any]) -> Iterable[Table]:
    """Yield a table of the runs, or the reason why there are none."""
    if not result["runs"]:
        table = Table("not measured")
        table.add_row(result["skipped"])
        yield table
        return
    table = Table("kind", "MB", "processors", "a second", *_COLUMNS, title="workers with a share of a processor")
    for run in result["runs"]:
        cells = [run["kind"], run["megabytes"] or "no limit", run["processors"] or "all", run["requests_per_second"]]
        table.add_row(*(_text(cell) for cell in [*cells, *(run[name] for name in _COLUMNS)]))
    yield table


def _text(cell: Any) -> str:
    return "–" if cell is None else f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def _measure(
    uploads: int, megabytes: int | None, workers: int, picture: bytes | None, parameters: Mapping[str, str]
) -> dict[str, Any]:
    share = None if megabytes is None else processor_share(megabytes)
    with (
        EmbeddedCloud(rate=LIMIT, latency=LATENCY, parameters=parameters, run_functions=False) as cloud,
        contextlib.ExitStack() as stack,
    ):
        messages = backlog.put_objects(cloud, backlog.build_keys(uploads), picture)
        helpers = _start_workers(stack, cloud, workers)
        # Lambda initialises a function with more than its share, so the workers are limited once they are up.
        limits = [] if share is None else [_limit(stack, helper, share) for helper in helpers]
        before = sum(processor_seconds(helper.pid) for helper in helpers)
        backlog.enqueue(cloud, messages)
        samples = backlog.sample_until(cloud, lambda now: now.requests >= uploads, 2 * uploads / LIMIT + 60)
        used = sum(processor_seconds(helper.pid) for helper in helpers) - before
        return {
            "megabytes": megabytes,
            "processors": share and round(share, 2),
            "latency": LATENCY,
            "workers": workers,
            "uploads": uploads,
            # Without a child that makes renditions.
            "processor_ms_per_request": 1000 * used / max(1, samples[-1].requests),
            "throttled_periods": max((limit.throttled_periods() for limit in limits), default=0.0),
            "requests_per_second": _rate(cloud),
            **backlog.summarize_run(cloud, LIMIT, samples),
        }


def _start_workers(stack: contextlib.ExitStack, cloud: EmbeddedCloud, workers: int) -> Sequence[HelperProcess]:
    helpers = [start_worker(cloud, number, 0) for number in range(workers)]
    for helper in helpers:
        stack.callback(helper.stop)
    for helper in helpers:
        helper.read_announcement()
    return helpers


def _rate(cloud: EmbeddedCloud) -> float | None:
    """Return the requests a second from the first batch's first request to the last batch's first."""
    assert cloud.emulator
    times = measurements.list_arrivals(cloud.emulator.requests())
    whole = (len(times) - 1) // MAX_BATCH * MAX_BATCH
    return whole / (times[whole] - times[0]) if whole else None


def _limit(stack: contextlib.ExitStack, helper: HelperProcess, share: float) -> ProcessorLimit:
    limit = ProcessorLimit(share)
    # The group is removed once its process has ended: the stack ends in the opposite order.
    stack.callback(_remove, limit, helper)
    limit.add(helper.pid)
    return limit


def _remove(limit: ProcessorLimit, helper: HelperProcess) -> None:
    helper.stop()
    end = time.monotonic() + END_SECONDS
    while True:
        try:
            return limit.remove()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
