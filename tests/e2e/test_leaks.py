"""No path leaves a signature or the key anywhere, even with debug logging on in all libraries."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from photodna_guard import bootstrap
from photodna_guard.handlers import on_retry, on_sweep, on_upload
from photodna_guard.rate_limiter.gcra import LIVE
from tests.e2e.embedded import Bench, Pictures, read_results

# A signature of a presigned URL (version 4 and 2) or of a signed request.
SIGNATURE = re.compile(r"X-Amz-(Signature|Credential|Security-Token)=|Signature=|Signature:|AWS4-HMAC-SHA256", re.I)


class Everything(logging.Handler):
    """Keeps each log record as text, with all of its attributes."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + str(vars(record)))


@pytest.fixture
def key(bench: Bench) -> str:
    """Read the subscription key before anything is logged."""
    answer = bench.cloud.client("secretsmanager").get_secret_value(SecretId=bench.cloud.resource("SubscriptionKey"))
    return str(answer["SecretString"])


@pytest.fixture
def everything(key: str) -> Iterator[Everything]:
    """Turn debug logging on for the SDK and all other libraries, in a function that has started."""
    bootstrap.get_application(LIVE)
    handler, root = Everything(), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", "boto3", "botocore", "urllib3", "requests")}
    boto3.set_stream_logger("", logging.DEBUG)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler
    root.handlers = [one for one in root.handlers if one is not handler and type(one) is not logging.StreamHandler]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


FAILURES: list[list[dict[str, Any]]] = [
    [],
    [{"kind": "drop"}],
    [{"kind": "truncated"}],
    [{"kind": "not_json"}],
    [{"kind": "http", "status": 500}],
    [{"kind": "http", "status": 429, "retry_after": 1}],
    [{"kind": "http", "status": 401, "count": 2}],
    [{"kind": "http", "status": 400}],
    [{"kind": "status", "code": 3206, "count": 2}],
    [{"kind": "status", "code": 3002}],
    [{"kind": "status", "code": 3208}],
    [{"kind": "status", "code": 3208, "count": 4}],
    [{"kind": "status", "code": 3004}],
    [{"kind": "body", "json": {"TrackingId": "x"}}],
]


def run_every_path(bench: Bench, pictures: Pictures) -> None:
    """Run each failure on each picture, by the fast path and the retry path, then the sweep and missing resources."""
    assert bench.cloud.emulator
    for number, failures in enumerate(FAILURES):
        bench.cloud.emulator.settings(failures=failures)
        records = [bench.put(f"{number}-{name}.jpg", pictures[name]) for name in ("clean", "match")]
        on_upload.handler({"Records": records}, None)
        body = json.dumps({"Records": [bench.put(f"{number}-retried.jpg", pictures["other"])]})
        on_retry.handler({"Records": [{"messageId": "1", "body": body}]}, None)
        forget_pauses(bench)
    on_upload.handler({"Records": [bench.put("words.txt", b"words"), bench.put("rubbish.bin", b"\0\1\2" * 50)]}, None)
    on_upload.handler({"no": "event"}, None)
    on_upload.handler({"Records": [bench.put("unmoved.jpg", pictures["match"])]}, None)
    bench.monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OnSweepRole")
    on_sweep.handler({}, None)
    for broken in ("RESULTS_TABLE", "RATE_LIMITER_TABLE", "QUARANTINE_BUCKET", "SUBSCRIPTION_KEY_SECRET"):
        bench.monkeypatch.setenv(broken, "missing")
        bootstrap.get_application.cache_clear()
        record = bench.put(f"{broken}.jpg", pictures["match"])
        on_upload.handler({"Records": [record]}, None)


def forget_pauses(bench: Bench) -> None:
    bench.cloud.client("dynamodb").delete_item(
        TableName=bench.cloud.resource("RateLimiterTable"), Key={"limiter": {"S": "match"}}
    )


def read_everything_stored(bench: Bench) -> str:
    """Return records, messages, evidence, and the logs of the cloud's own functions and services."""
    s3, bucket = bench.cloud.client("s3"), bench.cloud.endpoints.quarantine_bucket
    keys = [f"{bench.bucket}/{number}-{name}.jpg" for number in range(len(FAILURES)) for name in ("clean", "match")]
    keys.append(f"{bench.bucket}/rubbish.bin")
    records = [item for key in keys for item in read_results(bench.cloud, key)]
    evidence = [
        s3.get_object(Bucket=bucket, Key=record["evidence_key"])["Body"].read().decode()
        for record in records
        if "evidence_key" in record
    ]
    assert evidence
    assert {"QUARANTINED", "CLEAN", "UNSCANNABLE"} <= {record["status"] for record in records}
    logs = [path.read_text(errors="replace") for path in bench.cloud.log_dir.glob("*.log")]
    assert bench.cloud.emulator
    return "\n".join([str(records), *bench.take_dead_letters(), *evidence, *logs, str(bench.cloud.emulator.requests())])


def test_no_path_logs_or_stores_a_signature_or_the_key(
    bench: Bench, pictures: Pictures, key: str, everything: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    run_every_path(bench, pictures)
    output = "\n".join([*everything.lines, *capfd.readouterr(), read_everything_stored(bench)])
    assert "TimeToVerdict" in output, "the metrics are part of the output"
    assert key not in output
    assert not SIGNATURE.findall(output)


def test_unguarded_sdk_logs_both(bench: Bench, pictures: Pictures, key: str, everything: Everything) -> None:
    """Show that the test above would notice."""
    record = bench.put("a.jpg", pictures["clean"])
    logging.disable(logging.NOTSET)
    on_upload.handler({"Records": [record]}, None)
    output = "\n".join(everything.lines)
    assert SIGNATURE.search(output)
    assert key in output
