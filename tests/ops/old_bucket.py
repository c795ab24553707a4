"""Fills a bucket with versions, and reads the messages that a backfill of it sent."""

from typing import Any

import boto3

from ops.backfill import main
from photodna_guard.domain.events import parse_message
from photodna_guard.domain.models import ScanJob, Upload

STACK = {
    "Parameters": {"RatePerSecond": {"Type": "Number", "Default": 10}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "of-stack"}},
    },
    "Outputs": {
        "BackfillQueueUrl": {"Value": {"Ref": "Queue"}},
        "UploadBucketName": {"Value": {"Ref": "Bucket"}},
    },
}


def put_versions(s3: Any, bucket: str, *keys: str) -> list[Upload]:
    """Put one more version of each key, and return their uploads."""
    uploads = []
    for number, key in enumerate(keys):
        body = f"{number} {key}".encode()
        answer = s3.put_object(Bucket=bucket, Key=key, Body=body)
        uploads.append(Upload(bucket, key, answer["ETag"].strip('"'), answer.get("VersionId"), len(body)))
    return uploads


def receive_uploads(sqs: Any, url: str) -> list[Upload]:
    found: list[Upload] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            intake = parse_message(message["Body"])
            assert not intake.unreadable
            assert message["Body"].isascii(), "SQS refuses some characters"
            assert intake.jobs == (ScanJob(intake.jobs[0].upload, rescan=True),)
            found.append(intake.jobs[0].upload)
    return found


def as_set(uploads: list[Upload]) -> set[tuple[str, str]]:
    assert len({(upload.id, upload.version) for upload in uploads}) == len(uploads), "one was sent twice"
    return {(upload.key, upload.version) for upload in uploads}


def run_backfill(queue_url: str, bucket: str, *more: str, client: Any = None) -> int:
    return main(["--queue-url", queue_url, "--bucket", bucket, *more], client)


def make_keys(count: int) -> list[str]:
    return [f"{number:04}.jpg" for number in range(count)]


def make_clients(**fakes: Any) -> Any:
    return lambda service: fakes.get(service) or boto3.client(service)
