"""The bench on which a test calls a handler in this process, and reading of queues and results."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer

from local.stack import EmbeddedCloud
from photodna_guard import bootstrap
from photodna_guard.handlers import on_retry, on_upload
from photodna_guard.rate_limiter.gcra import LIVE

Pictures = dict[str, bytes]


def take_messages(cloud: EmbeddedCloud, queue_url: str) -> list[dict[str, Any]]:
    """Take all messages that are due off a queue."""
    sqs, found = cloud.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
    return found


def read_results(cloud: EmbeddedCloud, upload_id: str) -> list[dict[str, Any]]:
    """Return the result items of all versions of a key, oldest first."""
    answer = cloud.client("dynamodb").query(
        TableName=cloud.endpoints.results_table,
        KeyConditionExpression="upload = :u",
        ExpressionAttributeValues={":u": {"S": upload_id}},
    )
    items = [{n: TypeDeserializer().deserialize(v) for n, v in item.items()} for item in answer["Items"]]
    return sorted(items, key=lambda item: item["received_at"])


@dataclass
class Bench:
    """A bucket that calls no function, and the function's own environment in this process."""

    cloud: EmbeddedCloud
    bucket: str
    monkeypatch: pytest.MonkeyPatch
    calls: list[str] = field(default_factory=list)

    def put(self, key: str, body: bytes, **more: Any) -> dict[str, Any]:
        """Upload, and return the record of the event that S3 would send."""
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
        """Return the one result of a key."""
        (item,) = read_results(self.cloud, f"{self.bucket}/{key}")
        return item

    def take_dead_letters(self) -> list[str]:
        """Take the bodies of the messages in the dead-letter queue."""
        return [message["Body"] for message in take_messages(self.cloud, self.cloud.endpoints.dead_letter_queue_url)]


def environment_of(cloud: EmbeddedCloud, function: str) -> dict[str, str]:
    """Return the environment that the template gives a function."""
    name = cloud.resource(function)
    answer = cloud.client("lambda").get_function_configuration(FunctionName=name)
    return {name: str(value) for name, value in answer["Environment"]["Variables"].items()}


def recording_session(calls: list[str]) -> boto3.Session:
    """Return a session whose clients append the name of each call that goes out."""
    session = boto3.Session()
    session.events.register(
        "before-send", lambda request, event_name, **_: calls.append(event_name.removeprefix("before-send."))
    )
    return session


def upload(*records: dict[str, Any]) -> None:
    """Call the upload handler with one event of these records."""
    on_upload.handler({"Records": list(records)}, None)


def retry(messages: list[dict[str, Any]]) -> list[str]:
    """Call the retry handler with a batch. Return the identifiers of the messages that it names as failed."""
    answer = on_retry.handler({"Records": messages}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def record_sent_messages(bench: Bench) -> list[str]:
    """Record the bodies sent to the retry queue, which the cloud's own worker would take first."""
    bodies: list[str] = []
    application = bootstrap.get_application(LIVE)
    application.retry_queue._client.meta.events.register(
        "before-send.sqs.SendMessage", lambda request, **_: bodies.append(json.loads(request.body)["MessageBody"])
    )
    return bodies
