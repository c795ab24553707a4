"""Neither a signature nor the key is anywhere, on any path, with debug logging on in all libraries."""

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
from tests.e2e.embedded import Bench, results

Pictures = dict[str, bytes]
# Of a presigned URL (version 4 and 2) and of a signed request.
SIGNATURE = re.compile(r"X-Amz-(Signature|Credential|Security-Token)=|Signature=|Signature:|AWS4-HMAC-SHA256", re.I)


class Everything(logging.Handler):
    """Keeps what is logged, as text and with all that the record holds."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + str(vars(record)))


@pytest.fixture
def key(bench: Bench) -> str:
    """The subscription key, asked for before anything is logged."""
    answer = bench.cloud.client("secretsmanager").get_secret_value(SecretId=bench.cloud.resource("SubscriptionKey"))
    return str(answer["SecretString"])


@pytest.fixture
def everything(key: str) -> Iterator[Everything]:
    """Debug logging, as one turns it on for the SDK and for all else, in a function that has started."""
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
    [{"kind": "status", "code": 3004}],
    [{"kind": "body", "json": {"TrackingId": "x"}}],
]


def every_path(bench: Bench, pictures: Pictures) -> None:
    """Each failure on each picture, by the fast path, then the retry path; the sweep; and what nothing foresees."""
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


def all_that_is_kept(bench: Bench) -> str:
    """Records, messages, evidence, and what the cloud's own functions and services have logged."""
    s3, bucket = bench.cloud.client("s3"), bench.cloud.endpoints.quarantine_bucket
    keys = [f"{bench.bucket}/{number}-{name}.jpg" for number in range(len(FAILURES)) for name in ("clean", "match")]
    records = [item for key in keys for item in results(bench.cloud, key)]
    evidence = [
        s3.get_object(Bucket=bucket, Key=record["evidence_key"])["Body"].read().decode()
        for record in records
        if "evidence_key" in record
    ]
    assert evidence
    assert {"QUARANTINED", "CLEAN", "UNSCANNABLE"} <= {record["status"] for record in records}
    logs = [path.read_text(errors="replace") for path in bench.cloud.log_dir.glob("*.log")]
    assert bench.cloud.emulator
    return "\n".join([str(records), *bench.dead_letters(), *evidence, *logs, str(bench.cloud.emulator.requests())])


def test_no_signature_and_no_key_is_logged_or_kept_on_any_path(
    bench: Bench, pictures: Pictures, key: str, everything: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    every_path(bench, pictures)
    told = "\n".join([*everything.lines, *capfd.readouterr(), all_that_is_kept(bench)])
    assert "TimeToVerdict" in told, "the metrics are among it"
    assert key not in told
    assert not SIGNATURE.findall(told)


def test_without_that_care_the_sdk_itself_would_log_both(
    bench: Bench, pictures: Pictures, key: str, everything: Everything
) -> None:
    """So the test above would notice."""
    record = bench.put("a.jpg", pictures["clean"])
    logging.disable(logging.NOTSET)
    on_upload.handler({"Records": [record]}, None)
    told = "\n".join(everything.lines)
    assert SIGNATURE.search(told)
    assert key in told
