"""Compare the quarantine workflow, from the match on, with the same boto3 calls made by a plain client.

Both use the embedded AWS's S3 and DynamoDB, in this process. Each run of the application is recorded call by call. A
plain client then repeats its calls on another upload, under that upload's names. So both always make the same calls.
"""

import contextlib
import hashlib
import io
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics

from local.pictures import draw, encode
from local.stack import EmbeddedCloud
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.event_bus import EventBus
from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.release_list import ReleaseList
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.aws.table import Table
from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.models import ScanJob, ScanRecord, Upload
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict
from photodna_guard.scanning.outcome_handler import OutcomeHandler
from photodna_guard.scanning.outcomes import Quarantine
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.released_bytes import ReleasedBytes
from photodna_guard.scanning.stages import Ended
from tools.bench.call_recorder import Call, Recorder, replay_calls

MAX_RATIO = 1.3
ROUNDS = 60
WARM_UP_ROUNDS = 5
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-1", flags=(MatchFlag("Other", "7", ("A1",), 3),))


@dataclass
class RecordedWorkflow:
    """The application's parts that quarantine a match, on the embedded AWS's clients."""

    cloud: EmbeddedCloud
    recorder: Recorder

    def __post_init__(self) -> None:
        self.clients: dict[str, Any] = {name: _client(self.cloud, self.recorder.session, name) for name in _SERVICES}
        s3, dynamodb = self.clients["s3"], self.clients["dynamodb"]
        self.results = ResultsTable(dynamodb, self.cloud.endpoints.results_table, 90)
        self.uploads = UploadBucket(s3)
        limit = DeletionLimit(Table(dynamodb, self.cloud.resource("RateLimiterTable")), 1000)
        quarantine = QuarantineBucket(s3, self.cloud.endpoints.quarantine_bucket, "GOVERNANCE", 1)
        workflow = QuarantineWorkflow(self.results, self.uploads, quarantine, limit)
        queue = RetryQueue(_client(self.cloud, boto3.Session(), "sqs"), "-", "-")
        telemetry = Telemetry(Logger("bench"), Metrics("bench", "bench"))
        bus = EventBus(self.clients["events"], "bench")
        releases = ReleaseList(Table(dynamodb, self.cloud.resource("OperationsTable")))
        released = ReleasedBytes(releases, self.uploads, quarantine)
        self.outcomes = OutcomeHandler(self.results, self.uploads, queue, bus, workflow, released, telemetry, 86400)

    def claim_upload(self, upload: Upload) -> ScanRecord:
        """Claim the upload, and drop the calls that were recorded for it."""
        record = self.results.claim(ScanJob(upload))
        self.recorder.calls.clear()
        self.recorder.first_response_at = 0.0
        return record

    def quarantine_upload(self, upload: Upload, record: ScanRecord) -> None:
        """Do for the upload what the scanner does for a match."""
        is_settled = self.outcomes.apply(Ended(ScanJob(upload), record, Quarantine(MATCH, is_untagged=True)))
        assert is_settled, "the match is not quarantined"


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


def measure_quarantine() -> dict[str, Any]:
    """Return both medians in milliseconds, and the median of the pairwise ratios."""
    picture = encode(draw(77), "JPEG")
    parameters = {"MaxDeletionsPerHour": "1000"}
    with EmbeddedCloud(
        run_functions=False, parameters=parameters, log_dir=Path("build/bench/quarantine-logs")
    ) as cloud:
        workflow = RecordedWorkflow(cloud, Recorder(boto3.Session()))
        plain = {name: _client(cloud, boto3.Session(), name) for name in _SERVICES}
        rounds = [
            _run_round(workflow, plain, _put(cloud, 2 * n, picture), _put(cloud, 2 * n + 1, picture))
            for n in range(ROUNDS)
        ]
    # The first rounds open connections and warm caches.
    counted = rounds[WARM_UP_ROUNDS:]
    ratio = statistics.median(ours / plain for ours, plain, _, _ in counted)
    return {
        "quarantined_ms": round(1000 * statistics.median(ours for ours, _, _, _ in counted), 2),
        "plain_calls_ms": round(1000 * statistics.median(plain for _, plain, _, _ in counted), 2),
        "ratio": round(ratio, 3),
        "unreadable_after_ms": round(1000 * statistics.median(first for _, _, first, _ in counted), 2),
        "calls": [f"{service}:{operation}" for service, operation, _ in rounds[-1][3]],
        "goal": MAX_RATIO,
        "reached": ratio <= MAX_RATIO,
    }


def _run_round(
    workflow: RecordedWorkflow, plain: Mapping[str, Any], upload: Upload, plain_upload: Upload
) -> tuple[float, float, float, list[Call]]:
    """Return the seconds of the workflow, of the plain calls and to the workflow's first response, and the calls."""
    plain_record = workflow.claim_upload(plain_upload)
    record = workflow.claim_upload(upload)
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        workflow.quarantine_upload(upload, record)
        ended = time.perf_counter()
    calls = list(workflow.recorder.calls)
    names = {upload.key: plain_upload.key, str(upload.version_id): str(plain_upload.version_id)}
    names |= {record.lease: plain_record.lease, _hash_id(upload): _hash_id(plain_upload)}
    names["quarantines"] = "quarantines-plain"
    steps = [(getattr(plain[service], _METHODS[operation]), params) for service, operation, params in calls]
    return ended - began, replay_calls(steps, names), workflow.recorder.first_response_at - began, calls


def _hash_id(upload: Upload) -> str:
    return hashlib.sha256(upload.id.encode()).hexdigest()


def _put(cloud: EmbeddedCloud, number: int, picture: bytes) -> Upload:
    bucket, key = cloud.endpoints.upload_bucket, f"match-{number:05}.jpg"
    stored = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=picture)
    return Upload(bucket, key, stored["ETag"].strip('"'), stored["VersionId"], len(picture))


def _client(cloud: EmbeddedCloud, session: boto3.Session, service: str) -> Any:
    return session.client(  # type: ignore[call-overload]
        service,
        endpoint_url=cloud.aws_endpoint_url,
        region_name=cloud.endpoints.region,
        aws_access_key_id="OnUploadRole",
        aws_secret_access_key="embedded-cloud",
    )
