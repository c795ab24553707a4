"""What an API call needs: the IAM actions, each with the resource and the condition keys that AWS looks at. Pure.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from local.policy import s3_needs
from local.policy.api_call import ApiCall, UnknownCall
from local.policy.need import Need, World


def needs(call: ApiCall, world: World) -> list[Need]:
    """All must be permitted. Raises UnknownCall where the call is not in the tables."""
    if call.service == "s3":
        return s3_needs.needs(call, world)
    if call.name not in _NEEDS:
        raise UnknownCall(f"{call.name} is not known: add what it needs to {__file__}")
    return list(_NEEDS[call.name](call, world))


def _arn(call: ApiCall, world: World, service: str, resource: str) -> str:
    return resource if resource.startswith("arn:") else f"arn:aws:{service}:{call.region}:{world.account}:{resource}"


def _on_table(action: str) -> Callable[[ApiCall, World], Iterator[Need]]:
    def needed(call: ApiCall, world: World) -> Iterator[Need]:
        yield _table(call, world, action, call.parameters)

    return needed


def _table(call: ApiCall, world: World, action: str, item: Mapping[str, Any]) -> Need:
    name = item["TableName"]
    arn = _arn(call, world, "dynamodb", name if name.startswith("arn:") else f"table/{name}")
    index = f"/index/{item['IndexName']}" if "IndexName" in item else ""
    return Need(f"dynamodb:{action}", arn + index)


def _transaction(call: ApiCall, world: World) -> Iterator[Need]:
    actions = {"ConditionCheck": "ConditionCheckItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
    for item in call.parameters["TransactItems"]:
        for kind, given in item.items():
            yield _table(call, world, actions[kind], given)


def _batch(action: str) -> Callable[[ApiCall, World], Iterator[Need]]:
    def needed(call: ApiCall, world: World) -> Iterator[Need]:
        return (_table(call, world, action, {"TableName": name}) for name in call.parameters["RequestItems"])

    return needed


def _on_queue(action: str) -> Callable[[ApiCall, World], Iterator[Need]]:
    def needed(call: ApiCall, world: World) -> Iterator[Need]:
        name = call.parameters.get("QueueName") or call.parameters["QueueUrl"].rpartition("/")[2]
        yield Need(f"sqs:{action}", _arn(call, world, "sqs", name))

    return needed


def _on_secret(action: str) -> Callable[[ApiCall, World], Iterator[Need]]:
    def needed(call: ApiCall, world: World) -> Iterator[Need]:
        yield Need(f"secretsmanager:{action}", _arn(call, world, "secretsmanager", f"{call.parameters['SecretId']}"))

    return needed


def _events(call: ApiCall, world: World) -> Iterable[Need]:
    for entry in call.parameters["Entries"]:
        bus = entry.get("EventBusName") or "default"
        arn = _arn(call, world, "events", bus if bus.startswith("arn:") else f"event-bus/{bus}")
        context = {"events:source": (entry["Source"],), "events:detail-type": (entry["DetailType"],)}
        yield Need("events:PutEvents", arn, context)


def _publish(call: ApiCall, _: World) -> Iterator[Need]:
    yield Need("sns:Publish", call.parameters["TopicArn"])


_NEEDS: dict[str, Callable[[ApiCall, World], Iterable[Need]]] = {
    **{
        f"dynamodb.{action}": _on_table(action)
        for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable")
    },
    "dynamodb.TransactWriteItems": _transaction,
    "dynamodb.BatchWriteItem": _batch("BatchWriteItem"),
    "dynamodb.BatchGetItem": _batch("BatchGetItem"),
    **{
        f"sqs.{action}": _on_queue(action)
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
    **{f"sqs.{action}Batch": _on_queue(action) for action in ("SendMessage", "DeleteMessage")},
    "sqs.ChangeMessageVisibilityBatch": _on_queue("ChangeMessageVisibility"),
    **{f"secretsmanager.{action}": _on_secret(action) for action in ("GetSecretValue", "DescribeSecret")},
    "events.PutEvents": _events,
    "sns.Publish": _publish,
}
