"""The embedded AWS refuses a call without permission, and records each permission."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import EmbeddedAws


def call_from_function(toy: EmbeddedAws, service: str, operation: str, **parameters: Any) -> Any:
    result = toy.invoke("Caller", {"service": service, "operation": operation, "parameters": parameters})
    assert not result.failed, result.payload
    return result.payload


def find_recorded(aws: EmbeddedAws, **wanted: Any) -> list[dict[str, Any]]:
    return [line for line in aws.permissions() if wanted.items() <= line.items()]


def test_permitted_call_succeeds_and_is_counted(toy: EmbeddedAws) -> None:
    before = sum(line["count"] for line in find_recorded(toy, principal="CallerRole", action="sqs:SendMessage"))
    assert call_from_function(toy, "sqs", "send_message", QueueUrl=toy.resource("Queue"), MessageBody="hello") is None
    (line,) = find_recorded(toy, principal="CallerRole", action="sqs:SendMessage")
    assert line["allowed"]
    assert line["count"] == before + 1


@pytest.mark.parametrize(
    ("service", "operation", "action", "answer"),
    [
        ("sqs", "receive_message", "sqs:ReceiveMessage", ["AccessDenied", 403]),
        ("s3", "put_object", "s3:PutObject", ["AccessDenied", 403]),
        ("dynamodb", "get_item", "dynamodb:GetItem", ["AccessDeniedException", 400]),
        ("secretsmanager", "get_secret_value", "secretsmanager:GetSecretValue", ["AccessDeniedException", 400]),
        ("sns", "publish", "sns:Publish", ["AuthorizationError", 403]),
    ],
)
def test_call_without_permission_is_refused_and_counted(
    toy: EmbeddedAws, service: str, operation: str, action: str, answer: list[Any]
) -> None:
    parameters: dict[str, dict[str, Any]] = {
        "sqs": {"QueueUrl": toy.resource("Queue")},
        "s3": {"Bucket": "any", "Key": "any", "Body": ""},
        "dynamodb": {"TableName": "any", "Key": {"k": {"S": "v"}}},
        "secretsmanager": {"SecretId": "any"},
        "sns": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:any", "Message": "any"},
    }
    assert call_from_function(toy, service, operation, **parameters[service]) == answer
    (line,) = find_recorded(toy, principal="CallerRole", action=action)
    assert not line["allowed"]
    assert line["reason"] == "nothing allows it"


@pytest.mark.parametrize(("service", "operation"), [("sqs", "list_queues"), ("s3", "list_buckets")])
def test_unknown_call_of_a_function_is_an_internal_error(toy: EmbeddedAws, service: str, operation: str) -> None:
    assert call_from_function(toy, service, operation) == ["InternalError", 500]
    (line,) = find_recorded(
        toy, principal="CallerRole", action=f"{service}.{''.join(w.title() for w in operation.split('_'))}"
    )
    assert not line["allowed"]
    assert "add the permissions that it requires" in line["reason"]


def test_permission_file_has_each_permission_once(toy: EmbeddedAws, toy_logs: Path) -> None:
    for _ in range(2):
        call_from_function(toy, "sqs", "send_message", QueueUrl=toy.resource("Queue"), MessageBody="hello")
    written = [json.loads(line) for line in (toy_logs / "permissions.jsonl").read_text().splitlines()]
    used = [line for line in written if line["action"] == "sqs:SendMessage"]
    assert used == [{"principal": "CallerRole", "action": "sqs:SendMessage", "allowed": True}]


def test_user_manages_buckets_but_unknown_object_call_is_refused(
    toy: EmbeddedAws,
) -> None:
    s3 = toy.user_client("s3")
    s3.create_bucket(Bucket="a-bucket-of-the-user")
    s3.put_bucket_versioning(Bucket="a-bucket-of-the-user", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="a-bucket-of-the-user", Key="a", Body=b"a")
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["a-bucket-of-the-user"]
    with pytest.raises(ClientError, match="is not known"):
        s3.get_object_torrent(Bucket="a-bucket-of-the-user", Key="a")
