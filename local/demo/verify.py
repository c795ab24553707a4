"""Judges a run: each result against what was expected, then the world against the result."""

import time
from collections.abc import Callable, Sequence

from local.demo import result_checks, results
from local.demo.outcome import Outcome, make_outcome
from local.demo.results import Result, Results
from local.demo.text import printable, shortened
from local.demo.upload import PendingUpload, Uploaded, UploadError

CheckBuckets = Callable[[Uploaded, Result], list[str]]  # what is not in the buckets as the result says
_TAG_TIMEOUT_SECONDS = 5.0  # seconds: a result is settled first, and its object tagged right after
_POLL_SECONDS = 0.25  # seconds between two looks


def verify(
    uploading: Sequence[PendingUpload], found: Results, check: CheckBuckets, patience: float = _TAG_TIMEOUT_SECONDS
) -> tuple[list[Outcome], list[str]]:
    """What each upload came to, and all that is not as expected, in words.

    `patience`: the seconds that the world has, altogether, to become what the results say.
    """
    until = time.monotonic() + patience
    uploaded, outcomes, problems = results.finished_uploads(uploading), list[Outcome](), _list_failed_uploads(uploading)
    for one in uploaded:
        result = found.get(one.id)
        faults = [*result_checks.find_problems(one, result), *_check_buckets(check, one, result, until)]
        outcomes.append(make_outcome(one, result, faults))
        problems += [f"{_name(one)}: {fault}" for fault in faults]
    return outcomes, problems + result_checks.find_unexpected_results(uploaded, found)


def _list_failed_uploads(uploading: Sequence[PendingUpload]) -> list[str]:
    """The uploads that failed. What else they raise is the demo's own fault, and is raised."""
    errors = [future.exception() for future in uploading]
    for error in errors:
        if error and not isinstance(error, UploadError):
            raise error
    return [str(error) for error in errors if error]


def _check_buckets(check: CheckBuckets, uploaded: Uploaded, result: Result | None, until: float) -> list[str]:
    if result is None or not results.is_final(result):
        return []
    while (faults := check(uploaded, result)) and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    return faults


def _name(uploaded: Uploaded) -> str:
    return f"{shortened(printable(uploaded.picture.key), 100)} ({uploaded.picture.kind})"
