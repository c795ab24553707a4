"""The three handlers under AWS's own Lambda runtime, without Docker, against the embedded cloud."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from local.pictures import draw, encode
from local.stack import EmbeddedCloud
from photodna_guard.scanning.scanner import MAX_RESPONSE_SECONDS
from tests.e2e.embedded import environment_of, read_results, take_messages
from tests.judges.lambda_runtime import RunningFunction, find_client_packages, running_function
from tests.support.template import FUNCTIONS, ROOT

pytestmark = pytest.mark.judge

NOTHING: Mapping[str, str] = {}
ROLES = {"OnUploadFunction": "OnUploadRole", "OnRetryFunction": "OnRetryRole", "OnSweepFunction": "OnSweepRole"}


@dataclass(frozen=True)
class Stack:
    """The embedded cloud, whose functions only the tests run."""

    cloud: EmbeddedCloud
    folder: Path

    def run(
        self, function: str, timeout: int = 0, more: Mapping[str, str] = NOTHING
    ) -> AbstractContextManager[RunningFunction]:
        """Run a function of the template with its own variables and role."""
        environment = environment_of(self.cloud, function) | {
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_ACCESS_KEY_ID": ROLES[function],
            "AWS_ENDPOINT_URL": self.cloud.aws_endpoint_url,
            "AWS_DEFAULT_REGION": self.cloud.endpoints.region,
        }
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        described = FUNCTIONS[function]
        return running_function(folder, described["Handler"], {**environment, **more}, timeout or described["Timeout"])

    def put(self) -> tuple[str, dict[str, Any]]:
        """Upload a picture. Return its key, and the record of the event that S3 would send."""
        key, bucket = f"a b/{uuid.uuid4().hex}.jpg", self.cloud.endpoints.upload_bucket
        answer = self.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=encode(draw(1, (200, 200)), "JPEG"))
        stored = {"key": quote_plus(key), "eTag": answer["ETag"].strip('"'), "versionId": answer["VersionId"]}
        return key, {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": stored}}

    def status(self, key: str) -> str:
        """Return the status of the one result of a key."""
        (result,) = read_results(self.cloud, f"{self.cloud.endpoints.upload_bucket}/{key}")
        return str(result["status"])

    def requests(self) -> int:
        """Return how many requests the Match emulator got."""
        assert self.cloud.emulator
        return int(self.cloud.emulator.stats()["requests"])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    find_client_packages()
    folder = tmp_path_factory.mktemp("lambda")
    wide = {"RateMarginMs": "1000"}
    with EmbeddedCloud(rate=100.0, latency=0.0, parameters=wide, run_functions=False, log_dir=folder) as running:
        yield Stack(running, folder)


def to_batch(*bodies: str) -> dict[str, Any]:
    """Return the event of a batch of queue messages, whose identifiers are their numbers."""
    return {"Records": [{"messageId": str(i), "eventSource": "aws:sqs", "body": b} for i, b in enumerate(bodies)]}


def test_uploads_of_one_environment_are_checked(stack: Stack) -> None:
    uploads = [stack.put() for _ in range(2)]
    with stack.run("OnUploadFunction") as function:
        results = [function.invoke({"Records": [record]}) for _, record in uploads]
        log = function.log.read_text()
    assert results == [None, None], log
    assert [stack.status(key) for key, _ in uploads] == ["CLEAN", "CLEAN"]
    # The application is built once, before the first event.
    assert log.count("START RequestId") == 2
    assert stack.cloud.endpoints.match_endpoint not in log


def test_deferred_upload_is_checked_from_its_queue(stack: Stack) -> None:
    """The real context says how long the function may run, and no request leaves with less time than its answer."""
    key, record = stack.put()
    before = stack.requests()
    with stack.run("OnUploadFunction", timeout=int(MAX_RESPONSE_SECONDS) - 5) as function:
        assert function.invoke({"Records": [record]}) is None
    assert (stack.status(key), stack.requests()) == ("DEFERRED", before)
    body = json.dumps({"upload": message_upload(stack, key, record)})
    with stack.run("OnRetryFunction") as function:
        assert function.invoke(to_batch(body)) == {"batchItemFailures": []}
    assert stack.status(key) == "CLEAN"


def message_upload(stack: Stack, key: str, record: dict[str, Any]) -> dict[str, str]:
    stored = record["s3"]["object"]
    bucket = stack.cloud.endpoints.upload_bucket
    return {"bucket": bucket, "key": key, "etag": stored["eTag"], "version_id": stored["versionId"]}


def test_failed_message_is_named_and_failed_event_raises(stack: Stack) -> None:
    key, record = stack.put()
    body = json.dumps({"upload": message_upload(stack, key, record)})
    gone = {"RESULTS_TABLE": "gone", "RETRY_QUEUE_URL": f"{stack.cloud.endpoints.retry_queue_url}-gone"}
    with stack.run("OnRetryFunction", more=gone) as function:
        assert function.invoke(to_batch(body)) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    with stack.run("OnUploadFunction", more=gone) as function:
        error = function.invoke({"Records": [record]})
    # Lambda delivers the event again: the runtime reported an error, and the same one as the embedded AWS's runtime.
    assert error["errorType"] == "RedeliveryRequiredError"
    assert error["errorMessage"] == "1 of 1 uploads are to be delivered again"


def test_unreadable_message_becomes_a_dead_letter(stack: Stack) -> None:
    with stack.run("OnRetryFunction") as function:
        assert function.invoke(to_batch("no json")) == {"batchItemFailures": []}
    (letter,) = take_messages(stack.cloud, stack.cloud.endpoints.dead_letter_queue_url)
    assert "no json" in letter["Body"]


def test_sweep_runs_on_its_schedule(stack: Stack) -> None:
    event = json.loads((ROOT / "events/schedule.json").read_text())
    with stack.run("OnSweepFunction") as function:
        assert function.invoke(event) is None
        assert "ERROR" not in function.log.read_text()


def test_environment_with_a_fault_fails_its_initialisation(stack: Stack) -> None:
    with stack.run("OnUploadFunction", more={"RATE_PER_SECOND": "none"}) as function:
        error = function.invoke({"Records": []})
        assert error["errorType"] == "ConfigurationError", function.log.read_text()


def test_random_numbers_are_seeded_by_the_restore_hook_of_aws(stack: Stack) -> None:
    """`snapshot_restore_py` exists in Lambda's runtime only: its copy here is AWS's own."""
    program = (
        f"import sys; sys.path.append({find_client_packages()!r}); import random, snapshot_restore_py as hooks;"
        "import photodna_guard.handlers.on_upload;"
        "print(any(hook[0] == random.seed for hook in hooks.get_after_restore()))"
    )
    environment = environment_of(stack.cloud, "OnUploadFunction") | {
        "AWS_LAMBDA_FUNCTION_NAME": "on-upload",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)  # noqa: S603
    assert done.stdout == "True\n", done.stderr
