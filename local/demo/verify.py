"""Verifies a run: compares each result with the expected one, then the buckets with the result."""

import time
from collections.abc import Callable, Sequence

from local.demo import result_checks, results
from local.demo.checked_upload import CheckedUpload, make_checked_upload
from local.demo.results import Result, Results
from local.demo.text import escape_invisible, shorten_middle
from local.demo.upload import PendingUpload, UploadedVersion, UploadError

# Returns what differs between the buckets and the result.
CheckBuckets = Callable[[UploadedVersion, Result], list[str]]
# The application settles a result first, and tags its object right after.
_TAG_TIMEOUT_SECONDS = 5.0
_POLL_SECONDS = 0.25


def verify(
    uploading: Sequence[PendingUpload], found: Results, check: CheckBuckets, timeout: float = _TAG_TIMEOUT_SECONDS
) -> tuple[list[CheckedUpload], list[str]]:
    """Return each upload with its result, and a sentence for each problem.

    The buckets have `timeout` seconds altogether to agree with the results.
    """
    deadline = time.monotonic() + timeout
    uploaded, checked_uploads, problems = (
        results.finished_uploads(uploading),
        list[CheckedUpload](),
        _list_failed_uploads(uploading),
    )
    for one in uploaded:
        result = found.get(one.id)
        differences = [*result_checks.find_problems(one, result), *_check_buckets(check, one, result, deadline)]
        checked_uploads.append(make_checked_upload(one, result, differences))
        problems += [f"{_name(one)}: {difference}" for difference in differences]
    return checked_uploads, problems + result_checks.find_unexpected_results(uploaded, found)


def _list_failed_uploads(uploading: Sequence[PendingUpload]) -> list[str]:
    """Return the errors of failed uploads. Any other error is a defect of the demo, and is raised."""
    errors = [future.exception() for future in uploading]
    for error in errors:
        if error and not isinstance(error, UploadError):
            raise error
    return [str(error) for error in errors if error]


def _check_buckets(check: CheckBuckets, uploaded: UploadedVersion, result: Result | None, deadline: float) -> list[str]:
    if result is None or not results.is_final(result):
        return []
    while (differences := check(uploaded, result)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return differences


def _name(uploaded: UploadedVersion) -> str:
    return f"{shorten_middle(escape_invisible(uploaded.picture.key), 100)} ({uploaded.picture.kind})"
