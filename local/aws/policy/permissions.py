"""The permissions that each API call requires: actions with their resources and condition keys. Pure.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from local.aws.policy.api_call import ApiCall, UnknownCallError
from local.aws.policy.permission import AccountState, Permission
from local.aws.policy.reading_permissions import READING
from local.aws.policy.s3_permissions import required_s3_permissions


def required_permissions(call: ApiCall, state: AccountState) -> list[Permission]:
    """Return the permissions that the caller must have. Raises UnknownCallError if the call is not in the tables."""
    if call.service == "s3":
        return required_s3_permissions(call, state)
    if call.name not in _REQUIRED:
        raise UnknownCallError(f"{call.name} is not known: add the permissions that it requires to {__file__}")
    return list(_REQUIRED[call.name](call, state))


def _arn(call: ApiCall, state: AccountState, service: str, resource: str) -> str:
    return resource if resource.startswith("arn:") else f"arn:aws:{service}:{call.region}:{state.account}:{resource}"


def _require_on_table(action: str) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        yield _table_permission(call, state, action, call.parameters)

    return required


def _table_permission(call: ApiCall, state: AccountState, action: str, item: Mapping[str, Any]) -> Permission:
    name = item["TableName"]
    arn = _arn(call, state, "dynamodb", name if name.startswith("arn:") else f"table/{name}")
    index = f"/index/{item['IndexName']}" if "IndexName" in item else ""
    return Permission(f"dynamodb:{action}", arn + index)


def _require_put_item(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    """Require it with the value of the item's partition key."""
    given = _table_permission(call, state, "PutItem", call.parameters)
    name = state.partition_key(call.region, given.resource.rpartition("/")[2])
    keys = tuple(call.parameters["Item"].get(name, {}).values())
    yield replace(given, context={"dynamodb:leadingkeys": keys} if keys else {})


def _require_transaction(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    actions = {"ConditionCheck": "ConditionCheckItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
    for item in call.parameters["TransactItems"]:
        for kind, given in item.items():
            yield _table_permission(call, state, actions[kind], given)


def _require_batch(action: str) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        return (_table_permission(call, state, action, {"TableName": name}) for name in call.parameters["RequestItems"])

    return required


def _require_on_queue(action: str) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        name = call.parameters.get("QueueName") or call.parameters["QueueUrl"].rpartition("/")[2]
        yield Permission(f"sqs:{action}", _arn(call, state, "sqs", name))

    return required


def _require_move(call: ApiCall, _: AccountState) -> Iterator[Permission]:
    """Amazon SQS Developer Guide, "Configuring a dead-letter queue redrive": what the caller needs on each queue."""
    for action in ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        yield Permission(f"sqs:{action}", call.parameters["SourceArn"])
    if "DestinationArn" in call.parameters:
        yield Permission("sqs:SendMessage", call.parameters["DestinationArn"])


def _require_list_moves(call: ApiCall, _: AccountState) -> Iterator[Permission]:
    yield Permission("sqs:ListMessageMoveTasks", call.parameters["SourceArn"])


def _require_on_secret(action: str) -> Callable[[ApiCall, AccountState], Iterator[Permission]]:
    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        yield Permission(
            f"secretsmanager:{action}", _arn(call, state, "secretsmanager", f"{call.parameters['SecretId']}")
        )

    return required


def _require_put_events(call: ApiCall, state: AccountState) -> Iterable[Permission]:
    for entry in call.parameters["Entries"]:
        bus = entry.get("EventBusName") or "default"
        arn = _arn(call, state, "events", bus if bus.startswith("arn:") else f"event-bus/{bus}")
        context = {"events:source": (entry["Source"],), "events:detail-type": (entry["DetailType"],)}
        yield Permission("events:PutEvents", arn, context)


def _require_publish(call: ApiCall, _: AccountState) -> Iterator[Permission]:
    yield Permission("sns:Publish", call.parameters["TopicArn"])


_REQUIRED: dict[str, Callable[[ApiCall, AccountState], Iterable[Permission]]] = {
    **{
        f"dynamodb.{action}": _require_on_table(action)
        for action in ("GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable")
    },
    "dynamodb.PutItem": _require_put_item,
    "dynamodb.TransactWriteItems": _require_transaction,
    "dynamodb.BatchWriteItem": _require_batch("BatchWriteItem"),
    "dynamodb.BatchGetItem": _require_batch("BatchGetItem"),
    **{
        f"sqs.{action}": _require_on_queue(action)
        for action in (
            "SendMessage",
            "ReceiveMessage",
            "DeleteMessage",
            "ChangeMessageVisibility",
            "GetQueueAttributes",
            "GetQueueUrl",
            "PurgeQueue",
        )
    },
    **{f"sqs.{action}Batch": _require_on_queue(action) for action in ("SendMessage", "DeleteMessage")},
    "sqs.StartMessageMoveTask": _require_move,
    "sqs.ListMessageMoveTasks": _require_list_moves,
    "sqs.ChangeMessageVisibilityBatch": _require_on_queue("ChangeMessageVisibility"),
    **{f"secretsmanager.{action}": _require_on_secret(action) for action in ("GetSecretValue", "DescribeSecret")},
    "events.PutEvents": _require_put_events,
    "sns.Publish": _require_publish,
    **READING,
}
