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
from local.invoke import cases, event_uploads, invocation, lost_message, uploading
from local.invoke.containers import prepare, write_sam_inputs
from local.invoke.errors import SampleEventError
from local.invoke.invocation import FunctionAnswer

PARALLEL_EVENTS = 2
# The rate is not what is shown containers: a machine that is busy starting containers is to meet its slots all the same.
_RATE, _MARGIN = 100.0, {"RateMarginMs": "1000"}


@dataclass(frozen=True)
class InvocationResult:
    """One event's way: `records` are the items of the results table that came of it."""

    event: str
    function: str
    answer: FunctionAnswer
    checked_uploads: list[CheckedUpload]
    records: list[Result]
    problems: list[str]


@dataclass(frozen=True)
class ContainerCloud:
    """A cloud that containers reach, and that reacts to no upload by itself; `folder` has what SAM CLI is given."""

    cloud: EmbeddedCloud
    folder: Path


@contextmanager
def start_container_cloud(folder: Path) -> Iterator[ContainerCloud]:
    """Checks the machine, builds, and starts the cloud. Raises CannotRunError and SamCliError."""
    host, built = prepare(folder)
    with EmbeddedCloud(
        rate=_RATE, latency=0.0, parameters=_MARGIN, log_dir=folder / "logs", host=host, run_functions=False
    ) as cloud:
        write_sam_inputs(cloud, built, folder)
        known = cases.make_listed_picture()
        assert cloud.emulator  # noqa: S101 - it is this cloud's own
        cloud.emulator.add_to_test_list(known.content, match_id=known.match_id, violations=known.violations)
        yield ContainerCloud(cloud, folder)


def run_events(containers: ContainerCloud, events: Sequence[Path]) -> Iterator[InvocationResult]:
    """Runs the events, two at once, and gives them in their order. Raises SampleEventError and SamCliError."""
    with ThreadPoolExecutor(PARALLEL_EVENTS) as pool:
        yield from pool.map(lambda event: run_event(containers, event), events)


def run_event(containers: ContainerCloud, path: Path) -> InvocationResult:
    """Uploads, invokes, and compares what is there then with what has to be. Raises SampleEventError and SamCliError."""
    case, event = read_event(path)
    cloud, s3 = containers.cloud, containers.cloud.client("s3")
    objects = uploading.upload_objects(
        s3,
        cloud.endpoints.upload_bucket,
        case,
        [lost_message.UPLOAD] if case.has_lost_message else event_uploads.list_uploads(event),
    )
    if case.has_lost_message:
        lost_message.write_abandoned_record(
            cloud, objects.uploaded[0], objects.stored[str(lost_message.UPLOAD.version_id)]
        )
    else:
        event = event_uploads.replace_placeholders(event, cloud.endpoints.upload_bucket, objects.stored)
    answer = _invoke_function(containers, case.function, path.stem, event)
    faults = _check_answer(case.function, answer)
    if case.has_lost_message:
        faults += _check_retry(containers, path.stem, objects.uploaded[0])
    checks = BucketChecks(s3, cloud.endpoints.quarantine_bucket, cloud.user_client("s3"))
    found = _read_records(cloud, [*objects.uploaded, *objects.others])
    checked_uploads, problems = verify([_as_finished(objects.uploaded)], found, checks.find_problems)
    problems += faults + _check_other_versions(s3, objects.others)
    return InvocationResult(path.name, case.function, answer, checked_uploads, list(found.values()), problems)


def _invoke_function(containers: ContainerCloud, function: str, name: str, event: Any) -> FunctionAnswer:
    """Leaves the event as it was sent, and the log, in the folder under that name."""
    actual = containers.folder / f"{name}.json"
    actual.write_text(json.dumps(event, indent=1), encoding="utf-8")
    return invocation.invoke_function(function, actual, containers.folder, actual.with_suffix(".log"))


def _check_retry(containers: ContainerCloud, name: str, uploaded: UploadedVersion) -> list[str]:
    """Has the retry function work the message that the sweep sent for the upload; what was wrong about it."""
    event = lost_message.receive_redelivered(containers.cloud, uploaded)
    if event is None:
        return [f"no message for {uploaded.picture.key} came to the retry queue"]
    return _check_answer(cases.ON_RETRY, _invoke_function(containers, cases.ON_RETRY, f"{name}-redelivered", event))


def check_dead_letters(containers: ContainerCloud) -> list[str]:
    """What lies in the dead-letter queue, where nothing is to be."""
    return check_dead_letter_queue(containers.cloud.client("sqs"), containers.cloud.endpoints.dead_letter_queue_url)


def read_event(path: Path) -> tuple[cases.Case, Any]:
    """The file's case and content. Raises SampleEventError, naming the file, where it cannot be run."""
    case = cases.CASES.get(path.name)
    if case is None:
        raise SampleEventError(f"{path} is none of the events that are known containers: {', '.join(cases.CASES)}")
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
        uploads = [lost_message.UPLOAD] if case.has_lost_message else event_uploads.list_uploads(event)
    except (OSError, ValueError, SampleEventError) as error:
        raise SampleEventError(f"{path}: {error}") from error
    if len(uploads) != len(case.contents):
        raise SampleEventError(f"{path} speaks of {len(uploads)} uploads; cases.py has {len(case.contents)}")
    return case, event


def _read_records(cloud: EmbeddedCloud, versions: list[UploadedVersion]) -> results.Results:
    """All results of the keys, so that one for a version that the event does not name comes to light."""
    keys = {one.id[0] for one in versions}
    everything = results.read_all(cloud.client("dynamodb"), cloud.endpoints.results_table)
    return {which: result for which, result in everything.items() if which[0] in keys}


def _as_finished(uploaded: list[UploadedVersion]) -> Future[list[UploadedVersion]]:
    future: Future[list[UploadedVersion]] = Future()
    future.set_result(uploaded)
    return future


def _check_answer(function: str, answer: FunctionAnswer) -> list[str]:
    if answer.payload == cases.ANSWERS[function] and not answer.failed:
        return []
    return [f"{function} answered {json.dumps(answer.payload)}, expected {json.dumps(cases.ANSWERS[function])}"]


def _check_other_versions(s3: Any, others: list[UploadedVersion]) -> list[str]:
    """Versions that the event does not speak of, and that are not as they were uploaded."""
    there = {
        (version["Key"], version["VersionId"])
        for one in others
        for version in s3.list_object_versions(Bucket=one.bucket, Prefix=one.picture.key).get("Versions", [])
    }
    gone = [one for one in others if (one.picture.key, one.version) not in there]
    return [f"version {one.version} of {one.picture.key} is gone, and no event spoke of it" for one in gone]
