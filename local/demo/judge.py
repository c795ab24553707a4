"""Judges a run: each result against what was expected, then the world against the result."""

import time
from collections.abc import Callable, Sequence

from local.demo import results, verdicts
from local.demo.outcome import Outcome, outcome
from local.demo.results import Result, Results
from local.demo.text import printable, shortened
from local.demo.upload import Uploaded, UploadError, Uploading

Look = Callable[[Uploaded, Result], list[str]]  # what is not in the buckets as the result says
_TAG_PATIENCE = 5.0  # seconds: a result is settled first, and its object tagged right after
_TICK = 0.25  # seconds between two looks


def judge(
    uploading: Sequence[Uploading], found: Results, look: Look, patience: float = _TAG_PATIENCE
) -> tuple[list[Outcome], list[str]]:
    """What each upload came to, and all that is not as expected, in words.

    `patience`: the seconds that the world has, altogether, to become what the results say.
    """
    until = time.monotonic() + patience
    uploaded, outcomes, problems = results.uploaded(uploading), list[Outcome](), _failures(uploading)
    for one in uploaded:
        result = found.get(one.id)
        faults = [*verdicts.faults(one, result), *_in_the_world(look, one, result, until)]
        outcomes.append(outcome(one, result, faults))
        problems += [f"{_name(one)}: {fault}" for fault in faults]
    return outcomes, problems + verdicts.unexpected(uploaded, found)


def _failures(uploading: Sequence[Uploading]) -> list[str]:
    """The uploads that failed. What else they raise is the demo's own fault, and is raised."""
    errors = [future.exception() for future in uploading]
    for error in errors:
        if error and not isinstance(error, UploadError):
            raise error
    return [str(error) for error in errors if error]


def _in_the_world(look: Look, uploaded: Uploaded, result: Result | None, until: float) -> list[str]:
    if result is None or not results.is_final(result):
        return []
    while (faults := look(uploaded, result)) and time.monotonic() < until:
        time.sleep(_TICK)
    return faults


def _name(uploaded: Uploaded) -> str:
    return f"{shortened(printable(uploaded.picture.key), 100)} ({uploaded.picture.kind})"
