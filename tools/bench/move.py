"""A match's move, from the service's answer to its end, against the very same boto3 calls made bare.

Against the embedded cloud's S3 and DynamoDB, in this process. Each of our runs is recorded call by call, and its calls
are made again by a plain client on an upload of its own, with that upload's names: so the two cannot drift apart.
"""

import contextlib
import copy
import hashlib
import io
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics

from local.aws import EmbeddedCloud
from local.pictures import draw, encode
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.event_bus import EventBus
from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.aws.table import Table
from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.models import MatchFlag, MatchOutcome, ScanJob, ScanRecord, Upload, Verdict
from photodna_guard.scanning.outcome_handler import OutcomeHandler
from photodna_guard.scanning.outcomes import Quarantine
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.stages import Ended

GOAL = 1.3
ROUNDS = 60
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-1", flags=(MatchFlag("Other", "7", ("A1",), 3),))
Call = tuple[str, str, dict[str, Any]]  # service, method, parameters


@dataclass
class Recorder:
    """A session that writes down each call, and when the first of them had its answer."""

    session: boto3.Session
    calls: list[Call] = field(default_factory=list)
    first_answer: float = 0.0

    def __post_init__(self) -> None:
        self.session.events.register("provide-client-params.*.*", self._asked)
        self.session.events.register("after-call.*.*", self._answered)

    def _asked(self, params: dict[str, Any], event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        self.calls.append((service.replace("eventbridge", "events"), operation, copy.deepcopy(params)))

    def _answered(self, **_: Any) -> None:
        self.first_answer = self.first_answer or time.perf_counter()


@dataclass
class Ours:
    """The application's parts that move a match, on the cloud's clients."""

    cloud: EmbeddedCloud
    recorder: Recorder

    def __post_init__(self) -> None:
        self.clients: dict[str, Any] = {name: _client(self.cloud, self.recorder.session, name) for name in _SERVICES}
        s3, dynamodb = self.clients["s3"], self.clients["dynamodb"]
        self.ledger = ResultsTable(dynamodb, self.cloud.endpoints.results_table, 90)
        self.uploads = UploadBucket(s3)
        bound = DeletionLimit(Table(dynamodb, self.cloud.resource("RateLimiterTable")), 1000)
        quarantine = QuarantineBucket(s3, self.cloud.endpoints.quarantine_bucket, "GOVERNANCE", 1)
        workflow = QuarantineWorkflow(self.ledger, self.uploads, quarantine, bound)
        queue = RetryQueue(_client(self.cloud, boto3.Session(), "sqs"), "-", "-")
        notices = Telemetry(Logger("bench"), Metrics("bench", "bench"))
        bus = EventBus(self.clients["events"], "bench")
        self.outcomes = OutcomeHandler(self.ledger, self.uploads, queue, bus, workflow, notices, 86400)

    def begun(self, upload: Upload) -> ScanRecord:
        record = self.ledger.claim(ScanJob(upload))
        self.recorder.calls.clear()
        self.recorder.first_answer = 0.0
        return record

    def moved(self, upload: Upload, record: ScanRecord) -> None:
        """What the scanner does with a match."""
        assert self.outcomes.apply(Ended(ScanJob(upload), record, Quarantine(MATCH, is_untagged=True)))


_SERVICES = ("s3", "dynamodb", "events")
_METHODS: Mapping[str, str] = {
    "PutObjectTagging": "put_object_tagging",
    "UpdateItem": "update_item",
    "GetObject": "get_object",
    "PutObject": "put_object",
    "GetObjectRetention": "get_object_retention",
    "DeleteObject": "delete_object",
    "PutEvents": "put_events",
}


def run() -> dict[str, Any]:
    """Medians in milliseconds, and the median of the ratios pair by pair."""
    picture = encode(draw(77), "JPEG")
    wide = {"MaxDeletionsPerHour": "1000"}
    with EmbeddedCloud(run_functions=False, parameters=wide, log_dir=Path("build/bench/move-logs")) as cloud:
        ours = Ours(cloud, Recorder(boto3.Session()))
        bare = {name: _client(cloud, boto3.Session(), name) for name in _SERVICES}
        rounds = [
            _round(ours, bare, _put(cloud, 2 * n, picture), _put(cloud, 2 * n + 1, picture)) for n in range(ROUNDS)
        ]
    whole = statistics.median(us / them for us, them, _, _ in rounds[5:])
    return {
        "moved_ms": round(1000 * statistics.median(us for us, _, _, _ in rounds[5:]), 2),
        "bare_calls_ms": round(1000 * statistics.median(them for _, them, _, _ in rounds[5:]), 2),
        "ratio": round(whole, 3),
        "unreadable_after_ms": round(1000 * statistics.median(first for _, _, first, _ in rounds[5:]), 2),
        "calls": [f"{service}:{operation}" for service, operation, _ in rounds[-1][3]],
        "goal": GOAL,
        "reached": whole <= GOAL,
    }


def _round(ours: Ours, bare: Mapping[str, Any], mine: Upload, theirs: Upload) -> tuple[float, float, float, list[Call]]:
    """Seconds of our move and of the bare calls; seconds to our first answer; the calls."""
    other = ours.begun(theirs)
    record = ours.begun(mine)
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        ours.moved(mine, record)
        ended = time.perf_counter()
    calls = list(ours.recorder.calls)
    names = {mine.key: theirs.key, str(mine.version_id): str(theirs.version_id), record.lease: other.lease}
    names |= {_hashed(mine): _hashed(theirs), "quarantines": "quarantines-bare"}
    steps = [(getattr(bare[service], _METHODS[operation]), params) for service, operation, params in calls]
    return ended - began, _replayed(steps, names), ours.recorder.first_answer - began, calls


def _replayed(steps: list[tuple[Callable[..., Any], dict[str, Any]]], names: dict[str, str]) -> float:
    """Seconds of the same calls under other names. The copy's version is known once it is written."""
    versions = {
        step["VersionId"] for _, step in steps if "Retention" not in step and "VersionId" in step
    } - names.keys()
    unknown = [v for v in dict.fromkeys(step.get("VersionId") for _, step in steps) if v in versions]
    spent = 0.0
    for call, params in steps:
        given = _renamed(params, names)
        began = time.perf_counter()
        answer = call(**given)
        if "Body" in answer:
            answer["Body"].read()
        spent += time.perf_counter() - began
        if call.__name__ == "put_object":
            names[str(unknown.pop(0))] = answer["VersionId"]
    return spent


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, other in names.items():
            value = value.replace(name, other)
        return value
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value


def _hashed(upload: Upload) -> str:
    return hashlib.sha256(upload.id.encode()).hexdigest()


def _put(cloud: EmbeddedCloud, number: int, picture: bytes) -> Upload:
    bucket, key = cloud.endpoints.upload_bucket, f"move-{number:05}.jpg"
    answer = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=picture)
    return Upload(bucket, key, answer["ETag"].strip('"'), answer["VersionId"], len(picture))


def _client(cloud: EmbeddedCloud, session: boto3.Session, service: str) -> Any:
    return session.client(  # type: ignore[call-overload]
        service,
        endpoint_url=cloud.aws_endpoint_url,
        region_name=cloud.endpoints.region,
        aws_access_key_id="OnUploadRole",
        aws_secret_access_key="embedded-cloud",
    )
