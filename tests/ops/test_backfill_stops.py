"""A backfill that stops: how far it has surely come, and how to go on."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.ops.old_bucket import STACK, as_set, backfill, clients, keys, on_queue, put


class Interrupted:
    """S3 whose listing is interrupted before its last key, as by Ctrl-C or by credentials that end."""

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
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "backfill: interrupted."),
        (EXPIRED, 1, "backfill: ListObjectVersions: ExpiredToken: The token has expired."),
    ],
)
def test_a_run_that_stops_says_where_the_next_one_starts_so_that_nothing_is_missed(
    s3: Any, sqs: Any, queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str],
    error: BaseException, code: int, said: str,
) -> None:  # fmt: skip
    uploads = put(s3, bucket, *keys(26))
    assert backfill(queue_url, bucket, client=clients(s3=Interrupted(s3, error))) == code
    lines = capsys.readouterr().err.splitlines()
    assert said in lines
    assert lines[-1].startswith("20 versions were sent. Continue with the same command and --after=0019.jpg ")
    assert backfill(queue_url, bucket, "--after=0019.jpg") == 0
    assert as_set(on_queue(sqs, queue_url)) == as_set(uploads)


def test_a_refused_message_stops_the_run_before_its_batch(
    s3: Any, sqs: Any, queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(s3, bucket, *keys(50))

    def denied(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessageBatch")

    def send_until_0030(**arguments: Any) -> Any:
        return denied() if "0030.jpg" in str(arguments["Entries"]) else sqs.send_message_batch(**arguments)

    fake = SimpleNamespace(send_message_batch=send_until_0030, get_queue_attributes=sqs.get_queue_attributes)
    assert backfill(queue_url, bucket, client=clients(sqs=fake)) == 1
    said = capsys.readouterr().err
    assert (
        "SendMessageBatch: AccessDenied: no. The credentials in use lack the permission for SendMessageBatch." in said
    )
    assert "30 versions were sent. Continue with the same command and --after=0029.jpg " in said


def test_a_run_within_the_first_keys_versions_is_given_again_as_it_was(
    s3: Any, queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(s3, bucket, *["only.jpg"] * 15)
    assert backfill(queue_url, bucket, client=clients(s3=Interrupted(s3, KeyboardInterrupt()))) == 130
    assert "10 versions were sent. The first key has more versions: give the same" in capsys.readouterr().err


def test_no_more_is_put_on_the_queue_than_is_worked_off_before_sqs_forgets_it(
    s3: Any, sqs: Any, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = [{"ParameterKey": "RatePerSecond", "ParameterValue": "1"}]
    boto3.client("cloudformation").create_stack(
        StackName="guard", TemplateBody=json.dumps(STACK), Parameters=parameters
    )
    url = sqs.create_queue(QueueName="short", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    uploads = put(s3, bucket, *keys(33))
    waiting: list[Any] = [{"Id": str(number), "MessageBody": "waits already"} for number in range(10)]
    sqs.send_message_batch(QueueUrl=url, Entries=waiting)
    assert backfill(url, bucket, "--stack", "guard") == 1
    said = capsys.readouterr().err
    assert "the queue may hold 30 messages at most: SQS deletes a message after 1 min, and at 1 requests" in said
    assert "10 versions were sent. Continue with the same command and --after=0009.jpg " in said
    sqs.purge_queue(QueueUrl=url)
    assert backfill(url, bucket, "--stack", "guard", "--after=0009.jpg") == 0
    assert as_set(on_queue(sqs, url)) == as_set(uploads[10:])
