"""One run against an embedded cloud: fill the lists, upload, wait for the verdicts, judge."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from local.cloud import EmbeddedCloud
from local.demo import rate, results, upload
from local.demo.console import Show
from local.demo.judge import judge
from local.demo.outcome import Outcome, Run
from local.demo.picture import Listed, PictureSet
from local.demo.results import Results
from local.demo.world import World, dead_letters
from local.match.control import Emulator

_THREADS = 4


def run(cloud: EmbeddedCloud, pictures: PictureSet, limit: float, patience: float, show: Show) -> Run:
    """Runs the set. `limit`: the emulator's, in requests a second; `patience`: the seconds without any
    new verdict after which waiting ends.
    """
    emulator = _emulator(cloud)
    _fill_lists(emulator, pictures.listed)
    began = time.monotonic()
    with ThreadPoolExecutor(_THREADS) as pool:
        uploading = upload.begin(pool, cloud.client("s3"), cloud.endpoints.upload_bucket, pictures.pictures)
        found = results.wait(uploading, _reader(cloud), _with_rate(emulator, show), patience)
    seconds = time.monotonic() - began
    world = World(cloud.client("s3"), cloud.endpoints.quarantine_bucket, cloud.user_client("s3"))
    outcomes, problems = judge(uploading, found, world.faults)
    left = dead_letters(cloud.client("sqs"), cloud.endpoints.dead_letter_queue_url)
    measured = rate.measure(limit, emulator.stats(), emulator.requests())
    problems = [*_gave_up(outcomes, patience), *problems, *left, *_over(measured)]
    return Run(outcomes, measured, seconds, problems, pictures.left_out)


def _emulator(cloud: EmbeddedCloud) -> Emulator:
    if cloud.emulator is None:
        raise RuntimeError("The demo needs the embedded cloud's own Match emulator.")
    return cloud.emulator


def _fill_lists(emulator: Emulator, lists: Sequence[Listed]) -> None:
    for listed in lists:
        emulator.add_to_test_list(
            listed.content, source=listed.source, match_id=listed.match_id, violations=listed.violations
        )


def _reader(cloud: EmbeddedCloud) -> Callable[[], Results]:
    dynamodb, table = cloud.client("dynamodb"), cloud.endpoints.results_table
    return lambda: results.read(dynamodb, table)


def _with_rate(emulator: Emulator, show: Show) -> Callable[[int], None]:
    """Shows the verdicts so far together with the requests a second since the last look."""
    seen = [time.monotonic(), 0.0]

    def show_both(settled: int) -> None:
        now, requests = time.monotonic(), emulator.stats()["requests"]
        show(settled, (requests - seen[1]) / max(now - seen[0], 0.001))
        seen[:] = now, requests

    return show_both


def _gave_up(outcomes: Sequence[Outcome], patience: float) -> list[str]:
    without = sum(one.seconds_to_verdict is None for one in outcomes)
    return [f"no new verdict for {patience:g} s: gave up waiting for {without} uploads"] if without else []


def _over(measured: rate.Rate) -> list[str]:
    if not measured.exceeded:
        return []
    return [f"{measured.largest_window} requests in one second, over the limit of {measured.limit:g}"]
