"""The invariants, checked from buckets, tables, queues and the service's request log alone.

No check knows how the application works. Each yields the sentences that say what is wrong.
"""

from tests.faults import final_checks, moment_checks, record_checks
from tests.faults.observed import SeenRequest, State


def violations_at_end(state: State) -> list[str]:
    """Return what does not hold at the end of a run in which everything was delivered."""
    checks = (*moment_checks.CHECKS, *final_checks.CHECKS, *record_checks.CHECKS)
    return [sentence for check in checks for sentence in check(state)]


def violations_at_once(state: State) -> list[str]:
    """Return what does not hold at a moment at which anything may still be on its way."""
    return [sentence for check in moment_checks.CHECKS for sentence in check(state)]


def needless_request(state: State, request: SeenRequest) -> str:
    """Return a sentence if the results table already had the answer to a request about a version, else nothing."""
    bucket, key, version = request.source or ("", "", None)
    for upload in state.uploads:
        if version and (upload.bucket, upload.key, upload.version_id) == (bucket, key, version):
            status = state.result(upload).get("status")
            if status not in ("PENDING", "DEFERRED"):
                return f"the service is asked about {upload}, which is {status}"
    return ""
