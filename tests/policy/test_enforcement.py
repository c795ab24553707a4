"""No call passes the embedded cloud that the caller's role does not permit, and what was used is written down."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import EmbeddedCloud


def called(toy: EmbeddedCloud, service: str, operation: str, **parameters: Any) -> Any:
    outcome = toy.invoke("Caller", {"service": service, "operation": operation, "parameters": parameters})
    assert not outcome.failed, outcome.payload
    return outcome.payload


def lines(cloud: EmbeddedCloud, **wanted: Any) -> list[dict[str, Any]]:
    return [line for line in cloud.permissions() if wanted.items() <= line.items()]


def test_a_function_does_what_its_role_permits_and_that_is_counted(toy: EmbeddedCloud) -> None:
    before = sum(line["count"] for line in lines(toy, principal="CallerRole", action="sqs:SendMessage"))
    assert called(toy, "sqs", "send_message", QueueUrl=toy.resource("Queue"), MessageBody="hello") is None
    (line,) = lines(toy, principal="CallerRole", action="sqs:SendMessage")
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
def test_a_call_that_the_role_does_not_permit_is_refused_as_aws_does_and_counted(
    toy: EmbeddedCloud, service: str, operation: str, action: str, answer: list[Any]
) -> None:
    parameters: dict[str, Any] = {
        "sqs": {"QueueUrl": toy.resource("Queue")},
        "s3": {"Bucket": "any", "Key": "any", "Body": ""},
        "dynamodb": {"TableName": "any", "Key": {"k": {"S": "v"}}},
        "secretsmanager": {"SecretId": "any"},
        "sns": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:any", "Message": "any"},
    }[service]
    assert called(toy, service, operation, **parameters) == answer
    (line,) = lines(toy, principal="CallerRole", action=action)
    assert not line["allowed"]
    assert line["because"] == "nothing allows it"


@pytest.mark.parametrize(("service", "operation"), [("sqs", "list_queues"), ("s3", "list_buckets")])
def test_a_functions_call_of_which_it_is_not_known_what_it_needs_fails_loudly(
    toy: EmbeddedCloud, service: str, operation: str
) -> None:
    assert called(toy, service, operation) == ["InternalError", 500]
    (line,) = lines(toy, principal="CallerRole", action=f"{service}.{''.join(w.title() for w in operation.split('_'))}")
    assert not line["allowed"]
    assert "add what it needs to" in line["because"]


def test_what_was_used_is_in_the_log_folder_each_once(toy: EmbeddedCloud, toy_logs: Path) -> None:
    for _ in range(2):
        called(toy, "sqs", "send_message", QueueUrl=toy.resource("Queue"), MessageBody="hello")
    written = [json.loads(line) for line in (toy_logs / "permissions.jsonl").read_text().splitlines()]
    used = [line for line in written if line["action"] == "sqs:SendMessage"]
    assert used == [{"principal": "CallerRole", "action": "sqs:SendMessage", "allowed": True}]


def test_a_user_manages_the_account_but_for_what_he_does_to_objects_it_must_be_known_what_it_needs(
    toy: EmbeddedCloud,
) -> None:
    s3 = toy.user_client("s3")
    s3.create_bucket(Bucket="a-users-own")
    s3.put_bucket_versioning(Bucket="a-users-own", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="a-users-own", Key="a", Body=b"a")
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["a-users-own"]
    with pytest.raises(ClientError, match="is not known"):
        s3.get_object_torrent(Bucket="a-users-own", Key="a")


def test_an_object_that_is_gone_is_forbidden_to_whom_may_not_list_the_bucket(cloud: EmbeddedCloud) -> None:
    """As S3 does; so the scanner's s3:ListBucket is needed for telling the one from the other."""

    def refused(who: str) -> str:
        with pytest.raises(ClientError) as caught:
            cloud.client_of(who, "s3").get_object(Bucket=cloud.endpoints.upload_bucket, Key="nothing", VersionId="null")
        return str(caught.value.response["Error"]["Code"])

    assert refused("OnUploadRole") == "NoSuchVersion"
    assert refused("BreakGlassRole") == "AccessDenied"
    assert lines(cloud, principal="OnUploadRole", action="s3:ListBucket", allowed=True)


def test_what_policies_say_of_the_stacks_bucket_can_be_said_of_another(cloud: EmbeddedCloud) -> None:
    s3: Callable[[str], Any] = lambda who: cloud.client_of(who, "s3")  # noqa: E731
    where = {"Bucket": "another-bucket", "Key": "a"}
    s3("user").create_bucket(Bucket="another-bucket")
    version = s3("user").put_object(**where, Body=b"a")
    assert s3("user").get_object(**where)["ContentLength"] == 1
    cloud.treat_alike("another-bucket", "UploadBucket")
    with pytest.raises(ClientError, match="DenyReadingUnlessStatusPermits"):
        s3("user").get_object(**where)
    assert s3("OnUploadRole").get_object(**where, VersionId=version.get("VersionId", "null"))["ContentLength"] == 1
