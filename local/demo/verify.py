"""Verifies a run: compares each result with the expected one, then the buckets with the result."""

import time
from collections.abc import Callable, Sequence

from local.demo import result_checks, results
from local.demo.outcome import Outcome, make_outcome
from local.demo.results import Result, Results
from local.demo.text import printable, shortened
from local.demo.upload import PendingUpload, Uploaded, UploadError

# Returns what differs between the buckets and the result.
CheckBuckets = Callable[[Uploaded, Result], list[str]]
# The application settles a result first, and tags its object right after.
_TAG_TIMEOUT_SECONDS = 5.0
_POLL_SECONDS = 0.25


def verify(
    uploading: Sequence[PendingUpload], found: Results, check: CheckBuckets, timeout: float = _TAG_TIMEOUT_SECONDS
) -> tuple[list[Outcome], list[str]]:
    """Return the outcome of each upload, and a sentence for each problem.

    The buckets have `timeout` seconds altogether to agree with the results.
    """
    deadline = time.monotonic() + timeout
    uploaded, outcomes, problems = results.finished_uploads(uploading), list[Outcome](), _list_failed_uploads(uploading)
    for one in uploaded:
        result = found.get(one.id)
        differences = [*result_checks.find_problems(one, result), *_check_buckets(check, one, result, deadline)]
        outcomes.append(make_outcome(one, result, differences))
        problems += [f"{_name(one)}: {difference}" for difference in differences]
    return outcomes, problems + result_checks.find_unexpected_results(uploaded, found)


def _list_failed_uploads(uploading: Sequence[PendingUpload]) -> list[str]:
    """Return the errors of failed uploads. Any other error is a defect of the demo, and is raised."""
    errors = [future.exception() for future in uploading]
    for error in errors:
        if error and not isinstance(error, UploadError):
            raise error
    return [str(error) for error in errors if error]


def _check_buckets(check: CheckBuckets, uploaded: Uploaded, result: Result | None, deadline: float) -> list[str]:
    if result is None or not results.is_final(result):
        return []
    while (differences := check(uploaded, result)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return differences


def _name(uploaded: Uploaded) -> str:
    return f"{shortened(printable(uploaded.picture.key), 100)} ({uploaded.picture.kind})"
