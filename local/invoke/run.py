"""Runs events against the embedded cloud, and judges what came of each."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import EmbeddedCloud
from local.demo import results
from local.demo.bucket_checks import BucketChecks, check_dead_letter_queue
from local.demo.checked_upload import CheckedUpload
from local.demo.results import Result
from local.demo.upload import UploadedVersion
from local.demo.verify import verify
from local.invoke import cases, invocation, lost, spoken_of, uploading
from local.invoke.containers import hand_over, prepared
from local.invoke.errors import NotAnEvent
from local.invoke.invocation import Answer

AT_ONCE = 2
# The rate is not what is shown here: a machine that is busy starting containers is to meet its slots all the same.
_RATE, _MARGIN = 100.0, {"RateMarginMs": "1000"}


@dataclass(frozen=True)
class Invoked:
    """One event's way: `records` are the items of the results table that came of it."""

    event: str
    function: str
    answer: Answer
    checked_uploads: list[CheckedUpload]
    records: list[Result]
    problems: list[str]


@dataclass(frozen=True)
class Bench:
    """A cloud that containers reach, and that reacts to no upload by itself; `folder` has what SAM CLI is given."""

    cloud: EmbeddedCloud
    folder: Path


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Checks the machine, builds, and starts the cloud. Raises NotPossible and SamFailed."""
    host, built = prepared(folder)
    with EmbeddedCloud(
        rate=_RATE, latency=0.0, parameters=_MARGIN, log_dir=folder / "logs", host=host, run_functions=False
    ) as cloud:
        hand_over(cloud, built, folder)
        known = cases.listed()
        assert cloud.emulator  # noqa: S101 - it is this cloud's own
        cloud.emulator.add_to_test_list(known.content, match_id=known.match_id, violations=known.violations)
        yield Bench(cloud, folder)


def run(here: Bench, events: Sequence[Path]) -> Iterator[Invoked]:
    """Runs the events, two at once, and gives them in their order. Raises NotAnEvent and SamFailed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda event: run_one(here, event), events)


def run_one(here: Bench, path: Path) -> Invoked:
    """Uploads, invokes, and compares what is there then with what has to be. Raises NotAnEvent and SamFailed."""
    case, event = read_event(path)
    cloud, s3 = here.cloud, here.cloud.client("s3")
    laid = uploading.lay(
        s3, cloud.endpoints.upload_bucket, case, [lost.UPLOAD] if case.lost else spoken_of.uploads(event)
    )
    if case.lost:
        lost.leave(cloud, laid.uploaded[0], laid.stored[str(lost.UPLOAD.version_id)])
    else:
        event = spoken_of.filled(event, cloud.endpoints.upload_bucket, laid.stored)
    answer = _invoke(here, case.function, path.stem, event)
    faults = _wrong_answer(case.function, answer)
    if case.lost:
        faults += _retried(here, path.stem, laid.uploaded[0])
    checks = BucketChecks(s3, cloud.endpoints.quarantine_bucket, cloud.user_client("s3"))
    found = _records(cloud, [*laid.uploaded, *laid.others])
    checked_uploads, problems = verify([_done(laid.uploaded)], found, checks.find_problems)
    problems += faults + _touched(s3, laid.others)
    return Invoked(path.name, case.function, answer, checked_uploads, list(found.values()), problems)


def _invoke(here: Bench, function: str, name: str, event: Any) -> Answer:
    """Leaves the event as it was sent, and the log, in the folder under that name."""
    actual = here.folder / f"{name}.json"
    actual.write_text(json.dumps(event, indent=1), encoding="utf-8")
    return invocation.invoke(function, actual, here.folder, actual.with_suffix(".log"))


def _retried(here: Bench, name: str, uploaded: UploadedVersion) -> list[str]:
    """Has the retry function work the message that the sweep sent for the upload; what was wrong about it."""
    event = lost.sent_again(here.cloud, uploaded)
    if event is None:
        return [f"no message for {uploaded.picture.key} came to the retry queue"]
    return _wrong_answer(cases.ON_RETRY, _invoke(here, cases.ON_RETRY, f"{name}-sent-again", event))


def left_over(here: Bench) -> list[str]:
    """What lies in the dead-letter queue, where nothing is to be."""
    return check_dead_letter_queue(here.cloud.client("sqs"), here.cloud.endpoints.dead_letter_queue_url)


def read_event(path: Path) -> tuple[cases.Case, Any]:
    """The file's case and content. Raises NotAnEvent, naming the file, where it cannot be run."""
    case = cases.CASES.get(path.name)
    if case is None:
        raise NotAnEvent(f"{path} is none of the events that are known here: {', '.join(cases.CASES)}")
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
        spoken = [lost.UPLOAD] if case.lost else spoken_of.uploads(event)
    except (OSError, ValueError, NotAnEvent) as error:
        raise NotAnEvent(f"{path}: {error}") from error
    if len(spoken) != len(case.shows):
        raise NotAnEvent(f"{path} speaks of {len(spoken)} uploads; cases.py has {len(case.shows)}")
    return case, event


def _records(cloud: EmbeddedCloud, versions: list[UploadedVersion]) -> results.Results:
    """All results of the keys, so that one for a version that the event does not name comes to light."""
    keys = {one.id[0] for one in versions}
    everything = results.read_all(cloud.client("dynamodb"), cloud.endpoints.results_table)
    return {which: result for which, result in everything.items() if which[0] in keys}


def _done(uploaded: list[UploadedVersion]) -> Future[list[UploadedVersion]]:
    future: Future[list[UploadedVersion]] = Future()
    future.set_result(uploaded)
    return future


def _wrong_answer(function: str, answer: Answer) -> list[str]:
    if answer.payload == cases.ANSWERS[function] and not answer.failed:
        return []
    return [f"{function} answered {json.dumps(answer.payload)}, expected {json.dumps(cases.ANSWERS[function])}"]


def _touched(s3: Any, others: list[UploadedVersion]) -> list[str]:
    """Versions that the event does not speak of, and that are not as they were uploaded."""
    there = {
        (version["Key"], version["VersionId"])
        for one in others
        for version in s3.list_object_versions(Bucket=one.bucket, Prefix=one.picture.key).get("Versions", [])
    }
    gone = [one for one in others if (one.picture.key, one.version) not in there]
    return [f"version {one.version} of {one.picture.key} is gone, and no event spoke of it" for one in gone]
