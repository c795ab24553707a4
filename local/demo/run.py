"""Runs the demo in an embedded cloud: fills the hash lists, uploads, waits, verifies, and times one more upload."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from local.demo import rate, results, upload
from local.demo.alone import check_one_alone
from local.demo.bucket_checks import BucketChecks, check_dead_letter_queue
from local.demo.checked_upload import CheckedUpload, Run
from local.demo.console import ShowProgress
from local.demo.picture import ListedPicture, PictureSet
from local.demo.results import Results
from local.demo.verify import verify
from local.match.control import Emulator
from local.stack import EmbeddedCloud

_THREADS = 4


def run_demo(cloud: EmbeddedCloud, pictures: PictureSet, limit: float, idle_timeout: float, show: ShowProgress) -> Run:
    """Upload the pictures and verify their results.

    `limit` is the emulator's rate limit in requests per second. The wait ends after `idle_timeout` seconds without
    a new verdict.
    """
    emulator = _get_emulator(cloud)
    _add_to_lists(emulator, pictures.listed)
    began = time.monotonic()
    with ThreadPoolExecutor(_THREADS) as pool:
        uploading = upload.start_uploads(pool, cloud.client("s3"), cloud.endpoints.upload_bucket, pictures.pictures)
        found = results.wait_for_results(
            uploading, _make_results_reader(cloud), _add_rate(emulator, show), idle_timeout
        )
    seconds = time.monotonic() - began
    checks = BucketChecks(cloud.client("s3"), cloud.endpoints.quarantine_bucket, cloud.user_client("s3"))
    checked_uploads, problems = verify(uploading, found, checks.find_problems)
    measured = rate.measure(limit, emulator.stats(), emulator.requests())
    unsettled = _find_unsettled(checked_uploads, idle_timeout)
    alone, alone_problems = (None, []) if unsettled else _check_one_alone(cloud, checks, idle_timeout)
    dead_letters = check_dead_letter_queue(cloud.client("sqs"), cloud.endpoints.dead_letter_queue_url)
    problems = [*unsettled, *problems, *alone_problems, *dead_letters, *_find_exceeded_limit(measured)]
    return Run(checked_uploads, measured, seconds, problems, pictures.left_out, alone)


def _check_one_alone(
    cloud: EmbeddedCloud, checks: BucketChecks, idle_timeout: float
) -> tuple[CheckedUpload | None, list[str]]:
    reader, bucket = _make_results_reader(cloud), cloud.endpoints.upload_bucket
    return check_one_alone(cloud.client("s3"), bucket, reader, checks.find_problems, idle_timeout)


def _get_emulator(cloud: EmbeddedCloud) -> Emulator:
    if cloud.emulator is None:
        raise RuntimeError("The demo needs the Match emulator of the embedded cloud.")
    return cloud.emulator


def _add_to_lists(emulator: Emulator, lists: Sequence[ListedPicture]) -> None:
    for listed in lists:
        emulator.add_to_test_list(
            listed.content, source=listed.source, match_id=listed.match_id, violations=listed.violations
        )


def _make_results_reader(cloud: EmbeddedCloud) -> Callable[[], Results]:
    dynamodb, table = cloud.client("dynamodb"), cloud.endpoints.results_table
    return lambda: results.read_all(dynamodb, table)


def _add_rate(emulator: Emulator, show: ShowProgress) -> Callable[[int], None]:
    """Return a function that shows the number of verdicts, and the request rate since its last call."""
    last = [time.monotonic(), 0.0]

    def show_with_rate(settled: int) -> None:
        now, requests = time.monotonic(), emulator.stats()["requests"]
        show(settled, (requests - last[1]) / max(now - last[0], 0.001))
        last[:] = now, requests

    return show_with_rate


def _find_unsettled(checked_uploads: Sequence[CheckedUpload], idle_timeout: float) -> list[str]:
    unsettled = sum(checked_upload.seconds_to_verdict is None for checked_upload in checked_uploads)
    return [f"{unsettled} uploads have no verdict, {idle_timeout:g} s after the last new one"] if unsettled else []


def _find_exceeded_limit(measured: rate.Rate) -> list[str]:
    if not measured.is_exceeded:
        return []
    return [f"{measured.largest_window} requests in one second, more than the limit of {measured.limit:g}"]
