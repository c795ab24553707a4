"""What the tests of this folder do with the embedded cloud, beside its fixtures."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer

from local.stack import EmbeddedCloud


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


def session_that_counts(calls: list[str]) -> boto3.Session:
    """A session whose clients write down each call that goes out."""
    session = boto3.Session()
    session.events.register(
        "before-send", lambda request, event_name, **_: calls.append(event_name.removeprefix("before-send."))
    )
    return session
