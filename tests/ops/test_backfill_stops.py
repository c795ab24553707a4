"""A backfill that stops: how many versions are sent for certain, and how to continue."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.ops.old_bucket import STACK, as_set, make_clients, make_keys, put_versions, receive_uploads, run_backfill


class InterruptedS3:
    """A fake of S3 whose listing is interrupted before its last key, for example by Ctrl-C."""

    def __init__(self, s3: Any, error: BaseException) -> None:
        self._s3, self._error = s3, error

    def get_paginator(self, name: str) -> Any:
        def pages(**arguments: Any) -> Iterator[Any]:
            for page in self._s3.get_paginator(name).paginate(**arguments):
                yield page | {"Versions": page["Versions"][:-1]}
                raise self._error

        return SimpleNamespace(paginate=pages)


EXPIRED = ClientError({"Error": {"Code": "ExpiredToken", "Message": "The token has expired"}}, "ListObjectVersions")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "backfill: interrupted."),
        (EXPIRED, 1, "backfill: ListObjectVersions: ExpiredToken: The token has expired."),
    ],
)
def test_interrupted_run_prints_where_the_next_one_starts(
    s3: Any, sqs: Any, queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str],
    error: BaseException, code: int, message: str,
) -> None:  # fmt: skip
    uploads = put_versions(s3, bucket, *make_keys(26))
    assert run_backfill(queue_url, bucket, client=make_clients(s3=InterruptedS3(s3, error))) == code
    lines = capsys.readouterr().err.splitlines()
    assert message in lines
    assert lines[-1].startswith("20 versions were sent. Continue with the same command and --after=0019.jpg ")
    assert run_backfill(queue_url, bucket, "--after=0019.jpg") == 0
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(uploads)


def test_denied_batch_stops_the_run_before_it(
    s3: Any, sqs: Any, queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put_versions(s3, bucket, *make_keys(50))

    def denied(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessageBatch")

    def deny_from_0030(**arguments: Any) -> Any:
        return denied() if "0030.jpg" in str(arguments["Entries"]) else sqs.send_message_batch(**arguments)

    fake = SimpleNamespace(send_message_batch=deny_from_0030, get_queue_attributes=sqs.get_queue_attributes)
    assert run_backfill(queue_url, bucket, client=make_clients(sqs=fake)) == 1
    message = capsys.readouterr().err
    assert (
        "SendMessageBatch: AccessDenied: no. The credentials in use lack the permission for SendMessageBatch."
        in message
    )
    assert "30 versions were sent. Continue with the same command and --after=0029.jpg " in message


def test_run_interrupted_within_the_first_key_is_repeated(
    s3: Any, queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put_versions(s3, bucket, *["only.jpg"] * 15)
    assert run_backfill(queue_url, bucket, client=make_clients(s3=InterruptedS3(s3, KeyboardInterrupt()))) == 130
    assert "10 versions were sent. The first key has more versions: give the same" in capsys.readouterr().err


def test_run_stops_at_half_of_the_queues_retention(
    s3: Any, sqs: Any, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters: list[Any] = [{"ParameterKey": "RatePerSecond", "ParameterValue": "1"}]
    boto3.client("cloudformation").create_stack(
        StackName="guard", TemplateBody=json.dumps(STACK), Parameters=parameters
    )
    url = sqs.create_queue(QueueName="short", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    uploads = put_versions(s3, bucket, *make_keys(33))
    waiting: list[Any] = [{"Id": str(number), "MessageBody": "waits already"} for number in range(10)]
    sqs.send_message_batch(QueueUrl=url, Entries=waiting)
    assert run_backfill(url, bucket, "--stack", "guard") == 1
    message = capsys.readouterr().err
    assert "the queue may hold 30 messages at most: SQS deletes a message after 1 min, and at 1 requests" in message
    assert "10 versions were sent. Continue with the same command and --after=0009.jpg " in message
    sqs.purge_queue(QueueUrl=url)
    assert run_backfill(url, bucket, "--stack", "guard", "--after=0009.jpg") == 0
    assert as_set(receive_uploads(sqs, url)) == as_set(uploads[10:])
