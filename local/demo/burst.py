"""Explains the run's times: how long the rate limit makes a burst wait, and what one upload alone takes (pure)."""

from collections.abc import Iterator

from local.demo.checked_upload import Run
from local.demo.text import count_of

# A shorter wait is not worth a word.
_MIN_WAIT_SECONDS = 1.0


def last_wait_seconds(requests: int, limit: float) -> float:
    """Return how long the last of so many requests waits, where the first one leaves at once."""
    return max(0, requests - 1) / limit


def explain_times(run: Run) -> Iterator[str]:
    """Return the sentences about the burst and about the upload alone."""
    yield _explain_burst(run)
    if times := run.times():
        yield _explain_slowest(max(times), last_wait_seconds(run.rate.requests, run.rate.limit))
    yield _explain_alone(run)


def _explain_burst(run: Run) -> str:
    requests, limit = run.rate.requests, run.rate.limit
    wait, uploads = last_wait_seconds(requests, limit), count_of(len(run.pictures), "upload")
    needed = f"needed {count_of(requests, 'request')}"
    if len(run.pictures) < 2 or wait < _MIN_WAIT_SECONDS:
        return f"{uploads} {needed}: with {limit:g} requests a second that is no burst, and the limit delays it little."
    return (
        f"{uploads} at once is a burst. It {needed}: at {limit:g} requests a second the last one waits about "
        f"{wait:.0f} s."
    )


def _explain_slowest(slowest: float, wait: float) -> str:
    sentence = f"The slowest took {slowest:.1f} s from upload to settled result."
    if slowest - wait < _MIN_WAIT_SECONDS:
        return sentence
    return f"{sentence} What the limit does not explain is the work of this machine, which runs the whole cloud."


def _explain_alone(run: Run) -> str:
    if run.alone is None:
        return "One upload alone was not timed, as other uploads were still open or it could not be uploaded."
    seconds = run.alone.seconds_to_verdict
    if seconds is None:
        return "One upload alone got no settled result."
    return f"One upload alone, after the others had settled, took {seconds:.2f} s."
