"""Runs sample events against the embedded cloud, and checks the results of each."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.aws import template
from local.demo import results
from local.demo.bucket_checks import BucketChecks, check_dead_letter_queue
from local.demo.checked_upload import CheckedUpload
from local.demo.results import Result
from local.demo.upload import UploadedVersion
from local.demo.verify import verify
from local.invoke import build, cases, event_uploads, invocation, lost_message, own_event, sam, uploading
from local.invoke.containers import prepare, write_sam_inputs
from local.invoke.errors import SampleEventError
from local.invoke.invocation import FunctionAnswer
from local.stack import EmbeddedCloud
from photodna_guard.domain.models import Upload

EVENTS = sam.ROOT / "events"
PARALLEL_EVENTS = 2
# This run does not test the rate. A high limit and margin let a function meet its slot while containers start.
_RATE, _MARGIN = 100.0, {"RateMarginMs": "1000"}


@dataclass(frozen=True)
class InvocationResult:
    """The result of one event. `records` are its items of the results table."""

    event: str
    function: str
    answer: FunctionAnswer
    checked_uploads: list[CheckedUpload]
    records: list[Result]
    problems: list[str]


@dataclass(frozen=True)
class ContainerCloud:
    """A cloud that containers reach, and that invokes no function by itself. `folder` has SAM CLI's files."""

    cloud: EmbeddedCloud
    folder: Path


@contextmanager
def start_container_cloud(folder: Path) -> Iterator[ContainerCloud]:
    """Check the machine, build, and start the cloud. Raises CannotRunError and SamCliError."""
    host, built = prepare(folder)
    with EmbeddedCloud(
        rate=_RATE, latency=0.0, parameters=_MARGIN, log_dir=folder / "logs", host=host, run_functions=False
    ) as cloud:
        write_sam_inputs(cloud, built, folder)
        listed = cases.make_listed_picture()
        # Without a MATCH_ENDPOINT, the cloud always starts the emulator.
        assert cloud.emulator  # noqa: S101
        cloud.emulator.add_to_test_list(listed.content, match_id=listed.match_id, violations=listed.violations)
        yield ContainerCloud(cloud, folder)


def run_events(containers: ContainerCloud, events: Sequence[Path], function: str = "") -> Iterator[InvocationResult]:
    """Run the events, two at once, and yield the results in their order. Raises SampleEventError and SamCliError."""
    with ThreadPoolExecutor(PARALLEL_EVENTS) as pool:
        yield from pool.map(lambda event: run_event(containers, event, function), events)


def run_event(containers: ContainerCloud, path: Path, function: str = "") -> InvocationResult:
    """Upload the objects, invoke the function, and check the results. Raises SampleEventError and SamCliError.

    `function` is the wanted one of an event of the user's own, or empty.
    """
    case, event = read_event(path, function)
    cloud, s3 = containers.cloud, containers.cloud.client("s3")
    objects = uploading.upload_objects(s3, cloud.endpoints.upload_bucket, case, _list_uploads(case, event))
    if case.has_lost_message:
        lost_message.write_abandoned_record(
            cloud, objects.uploaded[0], objects.stored[str(lost_message.UPLOAD.version_id)]
        )
    elif case.contents:
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
    """Invoke the function, and write the event that was sent, and the log, to the folder under that name."""
    actual = containers.folder / f"{name}.json"
    actual.write_text(json.dumps(event, indent=1), encoding="utf-8")
    return invocation.invoke_function(function, actual, containers.folder, actual.with_suffix(".log"))


def _check_retry(containers: ContainerCloud, name: str, uploaded: UploadedVersion) -> list[str]:
    """Invoke the retry function with the message that the sweep sent for the upload, and return the problems."""
    event = lost_message.receive_redelivered(containers.cloud, uploaded)
    if event is None:
        return [f"no message for {uploaded.picture.key} came to the retry queue"]
    return _check_answer(cases.ON_RETRY, _invoke_function(containers, cases.ON_RETRY, f"{name}-redelivered", event))


def check_dead_letters(containers: ContainerCloud) -> list[str]:
    """Return a sentence if the dead-letter queue is not empty."""
    return check_dead_letter_queue(containers.cloud.client("sqs"), containers.cloud.endpoints.dead_letter_queue_url)


def read_event(path: Path, function: str = "", samples: Path = EVENTS) -> tuple[cases.Case, Any]:
    """Read a sample event and its case, or one of the user's own. Raises SampleEventError, which names the file.

    `samples`: the folder of the sample events.
    """
    event = own_event.read_json(path)
    case = cases.CASES.get(path.name) if path.resolve().parent == samples else None
    if case is None:
        return own_event.make_case(path, event, function, _list_functions()), event
    if function not in ("", case.function):
        raise SampleEventError(f"FUNCTION={function}: {path.name} is a sample for {case.function}. Copy it elsewhere")
    try:
        uploads = _list_uploads(case, event)
    except SampleEventError as error:
        raise SampleEventError(f"{path}: {error}") from error
    if len(uploads) != len(case.contents):
        raise SampleEventError(f"{path} names {len(uploads)} uploads; cases.py expects {len(case.contents)}")
    return case, event


def _list_uploads(case: cases.Case, event: Any) -> list[Upload]:
    if case.has_lost_message:
        return [lost_message.UPLOAD]
    return event_uploads.list_uploads(event) if case.contents else []


@cache
def _list_functions() -> list[str]:
    resources = template.load(build.TEMPLATE)["Resources"]
    return [name for name, one in resources.items() if one["Type"] == build.FUNCTION]


def _read_records(cloud: EmbeddedCloud, versions: list[UploadedVersion]) -> results.Results:
    """Read all results of the keys, so that one for a version that the event does not name is found."""
    keys = {one.id[0] for one in versions}
    every_result = results.read_all(cloud.client("dynamodb"), cloud.endpoints.results_table)
    return {upload: result for upload, result in every_result.items() if upload[0] in keys}


def _as_finished(uploaded: list[UploadedVersion]) -> Future[list[UploadedVersion]]:
    future: Future[list[UploadedVersion]] = Future()
    future.set_result(uploaded)
    return future


def _check_answer(function: str, answer: FunctionAnswer) -> list[str]:
    expected = cases.ANSWERS.get(function)
    if answer.payload == expected and not answer.failed:
        return []
    return [f"{function} answered {json.dumps(answer.payload)}, expected {json.dumps(expected)}"]


def _check_other_versions(s3: Any, others: list[UploadedVersion]) -> list[str]:
    """Return a sentence for each version that the event does not name and that is gone."""
    existing = {
        (version["Key"], version["VersionId"])
        for one in others
        for version in s3.list_object_versions(Bucket=one.bucket, Prefix=one.picture.key).get("Versions", [])
    }
    gone = [one for one in others if (one.picture.key, one.version) not in existing]
    return [f"version {one.version} of {one.picture.key} is gone, although no event named it" for one in gone]
