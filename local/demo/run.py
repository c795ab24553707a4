"""One run against an embedded cloud: fill the lists, upload, wait for the verdicts, judge."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from local.cloud import EmbeddedCloud
from local.demo import rate, results, upload
from local.demo.bucket_checks import BucketChecks, check_dead_letter_queue
from local.demo.console import ShowProgress
from local.demo.outcome import Outcome, Run
from local.demo.picture import Listed, PictureSet
from local.demo.results import Results
from local.demo.verify import verify
from local.match.control import Emulator

_THREADS = 4


def run_demo(cloud: EmbeddedCloud, pictures: PictureSet, limit: float, patience: float, show: ShowProgress) -> Run:
    """Runs the set. `limit`: the emulator's, in requests a second; `patience`: the seconds without any
    new verdict after which waiting ends.
    """
    emulator = _get_emulator(cloud)
    _add_to_lists(emulator, pictures.listed)
    began = time.monotonic()
    with ThreadPoolExecutor(_THREADS) as pool:
        uploading = upload.start_uploads(pool, cloud.client("s3"), cloud.endpoints.upload_bucket, pictures.pictures)
        found = results.wait_for_results(uploading, _make_reader(cloud), _add_rate(emulator, show), patience)
    seconds = time.monotonic() - began
    checks = BucketChecks(cloud.client("s3"), cloud.endpoints.quarantine_bucket, cloud.user_client("s3"))
    outcomes, problems = verify(uploading, found, checks.find_problems)
    left = check_dead_letter_queue(cloud.client("sqs"), cloud.endpoints.dead_letter_queue_url)
    measured = rate.measure(limit, emulator.stats(), emulator.requests())
    problems = [*_find_unsettled(outcomes, patience), *problems, *left, *_find_exceeded_limit(measured)]
    return Run(outcomes, measured, seconds, problems, pictures.left_out)


def _get_emulator(cloud: EmbeddedCloud) -> Emulator:
    if cloud.emulator is None:
        raise RuntimeError("The demo needs the embedded cloud's own Match emulator.")
    return cloud.emulator


def _add_to_lists(emulator: Emulator, lists: Sequence[Listed]) -> None:
    for listed in lists:
        emulator.add_to_test_list(
            listed.content, source=listed.source, match_id=listed.match_id, violations=listed.violations
        )


def _make_reader(cloud: EmbeddedCloud) -> Callable[[], Results]:
    dynamodb, table = cloud.client("dynamodb"), cloud.endpoints.results_table
    return lambda: results.read_all(dynamodb, table)


def _add_rate(emulator: Emulator, show: ShowProgress) -> Callable[[int], None]:
    """Shows the verdicts so far together with the requests a second since the last look."""
    seen = [time.monotonic(), 0.0]

    def show_both(settled: int) -> None:
        now, requests = time.monotonic(), emulator.stats()["requests"]
        show(settled, (requests - seen[1]) / max(now - seen[0], 0.001))
        seen[:] = now, requests

    return show_both


def _find_unsettled(outcomes: Sequence[Outcome], patience: float) -> list[str]:
    without = sum(one.seconds_to_verdict is None for one in outcomes)
    return [f"no new verdict for {patience:g} s: gave up waiting for {without} uploads"] if without else []


def _find_exceeded_limit(measured: rate.Rate) -> list[str]:
    if not measured.is_exceeded:
        return []
    return [f"{measured.largest_window} requests in one second, over the limit of {measured.limit:g}"]
