"""The embedded cloud, and handlers called in this process against it.

`cloud` runs the whole stack. `bench` is a bucket of that cloud that calls no function, and the application wired in
this process as the functions are: so that a test can call a handler itself, count its calls and read what it logs.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer

from guard import wiring
from local.cloud import EmbeddedCloud
from local.pictures import draw, encode

RATE = 100.0  # quick: what is tested here is not the rate


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(rate=RATE, latency=0.0, log_dir=tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture(autouse=True)
def calm(cloud: EmbeddedCloud) -> Iterator[None]:
    """No test leaves a plan of failures, a pause or a message behind."""
    yield
    assert cloud.emulator
    cloud.emulator.settings(failures=[], latency=0.0, rate=RATE, quota_retry_after=None)
    cloud.client("dynamodb").delete_item(TableName=cloud.resource("PacerTable"), Key={"pacer": {"S": "match"}})
    for queue in (cloud.endpoints.retry_queue_url, cloud.endpoints.dead_letter_queue_url):
        taken(cloud, queue)


def taken(cloud: EmbeddedCloud, queue_url: str) -> list[dict[str, Any]]:
    """Takes all messages that are due off a queue."""
    sqs, found = cloud.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
    return found


def results(cloud: EmbeddedCloud, upload_id: str) -> list[dict[str, Any]]:
    """The result items of all versions of a key, oldest first."""
    answer = cloud.client("dynamodb").query(
        TableName=cloud.endpoints.results_table,
        KeyConditionExpression="upload = :u",
        ExpressionAttributeValues={":u": {"S": upload_id}},
    )
    items = [{n: TypeDeserializer().deserialize(v) for n, v in item.items()} for item in answer["Items"]]
    return sorted(items, key=lambda item: item["received_at"])


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """What the condition gives, as soon as it gives something. Fails the test where it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


@dataclass
class Bench:
    """A bucket that nobody watches, and the function's own environment."""

    cloud: EmbeddedCloud
    bucket: str
    monkeypatch: pytest.MonkeyPatch
    calls: list[str] = field(default_factory=list)

    def put(self, key: str, body: bytes, **more: Any) -> dict[str, Any]:
        """Uploads, and gives the record with which S3 would tell of it."""
        answer = self.cloud.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **more)
        obj = {"key": quote_plus(key, safe="/"), "size": len(body), "eTag": answer["ETag"].strip('"')}
        obj["sequencer"] = f"{time.time_ns():020X}"
        if "VersionId" in answer:
            obj["versionId"] = answer["VersionId"]
        return {
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": self.bucket}, "object": obj},
        }

    def result(self, key: str) -> dict[str, Any]:
        """The one result of a key."""
        (item,) = results(self.cloud, f"{self.bucket}/{key}")
        return item

    def dead_letters(self) -> list[str]:
        """Takes the bodies of what is in the dead-letter queue."""
        return [message["Body"] for message in taken(self.cloud, self.cloud.endpoints.dead_letter_queue_url)]


def environment(cloud: EmbeddedCloud, function: str) -> dict[str, str]:
    """The environment that the template gives a function."""
    name = cloud.resource(function)
    answer = cloud.client("lambda").get_function_configuration(FunctionName=name)
    return {name: str(value) for name, value in answer["Environment"]["Variables"].items()}


@pytest.fixture(params=["versioned"])
def bench(request: pytest.FixtureRequest, cloud: EmbeddedCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bucket = f"bench-{uuid.uuid4().hex[:12]}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    if request.param == "versioned":
        cloud.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    cloud_variables = {
        "AWS_ENDPOINT_URL": cloud.aws_endpoint_url,
        "AWS_DEFAULT_REGION": cloud.endpoints.region,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for name, value in (environment(cloud, "OnUploadFunction") | cloud_variables).items():
        monkeypatch.setenv(name, value)
    wiring.guard.cache_clear()
    yield Bench(cloud, bucket, monkeypatch)
    wiring.guard.cache_clear()


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """`clean` and `match` are far from each other; `near` is a reduced and recompressed copy of the match."""
    match = draw(901)
    return {
        "clean": encode(draw(900), "JPEG"),
        "match": encode(match, "JPEG"),
        "near": encode(match.resize((420, 315)), "JPEG", quality=45),
        "other": encode(draw(902), "PNG"),
    }


@pytest.fixture(autouse=True)
def test_list(cloud: EmbeddedCloud, pictures: dict[str, bytes]) -> None:
    assert cloud.emulator
    cloud.emulator.clear_test_list()
    cloud.emulator.add_to_test_list(pictures["match"], match_id="m-1", violations=["A1"])


def session_that_counts(calls: list[str]) -> boto3.Session:
    """A session whose clients write down each call that goes out."""
    session = boto3.Session()
    session.events.register(
        "before-send", lambda request, event_name, **_: calls.append(event_name.removeprefix("before-send."))
    )
    return session
