"""The permissions that calls to other services require, and calls that are refused as unknown."""

from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.aws.policy.api_call import UnknownCallError, parse_call
from local.aws.policy.permissions import required_permissions
from tests.local.aws.policy.calls import (
    HERE,
    QUEUE,
    TABLE,
    URL,
    VERSION,
    FakeAccount,
    make_environ,
    required_actions,
    send_call,
)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "wanted"),
    [
        ("dynamodb", "update_item", {"TableName": "t", "Key": {}}, [("dynamodb:UpdateItem", TABLE)]),
        ("dynamodb", "get_item", {"TableName": TABLE, "Key": {}}, [("dynamodb:GetItem", TABLE)]),
        ("dynamodb", "put_item", {"TableName": TABLE, "Item": {}}, [("dynamodb:PutItem", TABLE)]),
        ("dynamodb", "query", {"TableName": "t", "IndexName": "one"}, [("dynamodb:Query", f"{TABLE}/index/one")]),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}, {"Delete": {"TableName": "t", "Key": {}}}]},
            [("dynamodb:PutItem", TABLE), ("dynamodb:DeleteItem", TABLE)],
        ),
        ("dynamodb", "batch_write_item", {"RequestItems": {"t": [{}]}}, [("dynamodb:BatchWriteItem", TABLE)]),
        ("sqs", "send_message", URL | {"MessageBody": "b"}, [("sqs:SendMessage", QUEUE)]),
        ("sqs", "delete_message_batch", URL | {"Entries": []}, [("sqs:DeleteMessage", QUEUE)]),
        ("sqs", "get_queue_url", {"QueueName": "q"}, [("sqs:GetQueueUrl", QUEUE)]),
        (
            "sqs",
            "start_message_move_task",
            {"SourceArn": QUEUE, "DestinationArn": f"{QUEUE}2"},
            [
                *((f"sqs:{a}", QUEUE) for a in ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage")),
                ("sqs:GetQueueAttributes", QUEUE),
                ("sqs:SendMessage", f"{QUEUE}2"),
            ],
        ),
        ("sqs", "list_message_move_tasks", {"SourceArn": QUEUE}, [("sqs:ListMessageMoveTasks", QUEUE)]),
        (
            "secretsmanager",
            "get_secret_value",
            {"SecretId": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-x"},
            [("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-x")],
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "guard", "DetailType": "settled", "Detail": "{}"}]},
            [("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/default")],
        ),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:r:a:t", "Message": "m"}, [("sns:Publish", "arn:aws:sns:r:a:t")]),
    ],
)
def test_call_requires_its_actions_on_resources(
    service: str, operation: str, parameters: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    call = send_call(service, operation, **parameters)
    assert call.access_key == "someone"
    assert [
        (permission.action, permission.resource) for permission in required_permissions(call, FakeAccount({}))
    ] == wanted


@pytest.mark.parametrize(
    ("table", "keys"),
    [("t", {"dynamodb:leadingkeys": ("one",)}), (TABLE, {"dynamodb:leadingkeys": ("one",)}), ("another", {})],
)
def test_item_is_put_under_its_partition_key(table: str, keys: dict[str, Any]) -> None:
    call = send_call("dynamodb", "put_item", TableName=table, Item={"p": {"S": "one"}, "id": {"S": "other"}})
    (found,) = required_permissions(call, FakeAccount(None))
    assert found.context == keys


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_presigned_url_has_the_signers_access_key(signature: str) -> None:
    session = boto3.session.Session("OnUploadRole", "secret", region_name="us-east-1")
    signer = session.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(signature_version=signature))
    call = parse_call(make_environ("GET", signer.generate_presigned_url("get_object", Params=HERE | VERSION), {}), b"")
    assert (call.access_key, call.operation, call.key) == ("OnUploadRole", "GetObject", HERE["Key"])
    assert required_actions(call) == ["s3:GetObjectVersion"]


def test_unsigned_request_is_anonymous() -> None:
    assert parse_call(make_environ("GET", "http://127.0.0.1:1/bucket/key", {}), b"").access_key is None


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("s3", "get_object_torrent", HERE),
        ("s3", "put_bucket_policy", {"Bucket": "bucket", "Policy": "{}"}),
        ("sqs", "list_queues", {}),
        ("dynamodb", "list_tables", {}),
        ("lambda", "list_functions", {}),
    ],
)
def test_unlisted_call_is_refused_as_unknown(service: str, operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(UnknownCallError, match="add the permissions that it requires"):
        required_actions(send_call(service, operation, **parameters))


@pytest.mark.parametrize("query", ["versions&acl", "annotation", "renameObject", "acl&tagging"])
def test_unknown_subresource_is_refused_as_unknown(query: str) -> None:
    for path in ("bucket/key", "bucket"):
        with pytest.raises(UnknownCallError):
            required_actions(parse_call(make_environ("PUT", f"http://127.0.0.1:1/{path}?{query}", {}), b""))


def test_bucket_in_the_host_is_refused_as_unknown() -> None:
    with pytest.raises(UnknownCallError, match="in the path"):
        parse_call(make_environ("GET", "http://x/key", {"Host": "bucket.s3.amazonaws.com"}), b"")
