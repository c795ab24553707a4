"""Operations that AWS does atomically are atomic in the embedded AWS, although moto's race."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws.helper_process import HelperProcess

# Threads switch so often that any possible race occurs.
RACY = "import sys; sys.setswitchinterval(1e-6); from local.aws.moto.server import main; main()"
THREADS = 16


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    log = tmp_path_factory.mktemp("atomicity") / "moto.log"
    moto = HelperProcess("moto", [sys.executable, "-c", RACY], log)
    port = moto.read_announcement()["port"]

    def client_(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(max_pool_connections=THREADS, proxies={}),
        )

    yield client_
    moto.stop()


def run_together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run work(0) to work(count - 1) in threads that start together."""
    together = threading.Barrier(count)

    def run_one(number: int) -> Any:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run_one, range(count)))


def call_succeeds(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("ConditionalCheckFailedException", "PreconditionFailed")  # noqa: PT017
        return False
    return True


@pytest.fixture
def bucket(client: Callable[[str], Any], request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-")
    client("s3").create_bucket(Bucket=name)
    client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return str(name)


def test_concurrent_puts_lose_no_version(client: Callable[[str], Any], bucket: str) -> None:
    s3 = client("s3")

    def put(number: int) -> list[str]:
        return [s3.put_object(Bucket=bucket, Key="busy", Body=bytes([number]))["VersionId"] for _ in range(10)]

    written = [version for versions in run_together(THREADS, put) for version in versions]

    listed = s3.list_object_versions(Bucket=bucket, Prefix="busy")["Versions"]
    assert {v["VersionId"] for v in listed} == set(written)
    assert len(listed) == 10 * THREADS


def test_concurrent_conditional_puts_let_one_win(client: Callable[[str], Any], bucket: str) -> None:
    s3 = client("s3")

    def puts(number: int) -> list[bool]:
        return [
            call_succeeds(lambda k=key: s3.put_object(Bucket=bucket, Key=k, Body=bytes([number]), IfNoneMatch="*"))  # type: ignore[misc]
            for key in "abcdefgh"
        ]

    won = run_together(THREADS, puts)

    assert [column.count(True) for column in zip(*won, strict=True)] == [1] * 8


def test_concurrent_conditional_updates_let_one_win(client: Callable[[str], Any]) -> None:
    dynamodb, key = client("dynamodb"), {"name": {"S": "clock"}}
    dynamodb.create_table(
        TableName="counters",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
    )
    dynamodb.put_item(TableName="counters", Item={**key, "value": {"N": "0"}})

    def move(expected: int) -> bool:
        return call_succeeds(
            lambda: dynamodb.update_item(
                TableName="counters",
                Key=key,
                UpdateExpression="SET #v = #v + :one",
                ConditionExpression="#v = :expected",
                ExpressionAttributeNames={"#v": "value"},
                ExpressionAttributeValues={":one": {"N": "1"}, ":expected": {"N": str(expected)}},
            )
        )

    won = [run_together(THREADS, lambda _, r=round_: move(r)).count(True) for round_ in range(20)]  # type: ignore[misc]

    assert won == [1] * 20
    assert dynamodb.get_item(TableName="counters", Key=key)["Item"]["value"] == {"N": "20"}


def test_concurrent_receivers_get_each_message_once(client: Callable[[str], Any]) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    for number in range(100):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))

    def take(_: int) -> list[str]:
        taken: list[str] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages"):
            taken += [message["Body"] for message in messages]
        return taken

    received = [body for taken in run_together(THREADS, take) for body in taken]
    assert sorted(received, key=int) == [str(n) for n in range(100)]
