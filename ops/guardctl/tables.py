"""The stack's tables, with Python's values."""

from collections.abc import Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serialize, _deserialize = TypeSerializer().serialize, TypeDeserializer().deserialize


class OperatedTable:
    """One table, as the operator's role may use it. Methods raise botocore's errors."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def read(self, **key: str) -> dict[str, Any]:
        """Return an item by a consistent read; empty if there is none."""
        answer = self._client.get_item(TableName=self._name, Key=to_item(key), ConsistentRead=True)
        return to_python(answer.get("Item", {}))

    def put(
        self,
        item: Mapping[str, object],
        condition: str | None = None,
        values: Mapping[str, object] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Write an item. Where the condition does not hold botocore's ConditionalCheckFailedException is raised."""
        more = _to_condition(condition, values, names)
        self._client.put_item(TableName=self._name, Item=to_item(item), **more)

    def update(
        self,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, object],
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Update an item. Where the condition does not hold botocore's ConditionalCheckFailedException is raised."""
        more = _to_condition(condition, values, names)
        self._client.update_item(TableName=self._name, Key=to_item(key), UpdateExpression=expression, **more)

    def query(
        self, attribute: str, value: str, index: str | None = None, newest: bool = False, is_consistent: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield a partition's items in their order, or the newest first. The next page is read when it is needed."""
        how = {"ScanIndexForward": not newest} | ({"ConsistentRead": True} if is_consistent else {})
        yield from map(to_python, self._pages("Items", attribute, value, index, **how))

    def count(self, attribute: str, value: str, index: str, most: int) -> int:
        """Return how many items a partition of an index has. Counting ends at the first page with `most` or more."""
        counted = 0
        for number in self._pages("Count", attribute, value, index, Select="COUNT"):
            counted += number
            if counted >= most:
                break
        return counted

    def _pages(self, wanted: str, attribute: str, value: str, index: str | None, **options: Any) -> Iterator[Any]:
        options |= {"IndexName": index} if index else {}
        while True:
            answer = self._client.query(
                TableName=self._name,
                KeyConditionExpression="#name = :value",
                ExpressionAttributeNames={"#name": attribute},
                ExpressionAttributeValues={":value": {"S": value}},
                **options,
            )
            found = answer[wanted]
            yield from found if isinstance(found, list) else [found]
            if "LastEvaluatedKey" not in answer:
                return
            options["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _to_condition(
    condition: str | None, values: Mapping[str, object] | None, names: Mapping[str, str] | None
) -> dict[str, Any]:
    given: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
    given |= {"ExpressionAttributeValues": to_item(values)} if values else {}
    return given | ({"ExpressionAttributeNames": dict(names)} if names else {})


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Return Python's values as DynamoDB's."""
    return {name: _serialize(value) for name, value in values.items()}


def to_python(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return DynamoDB's values as Python's."""
    return {name: _deserialize(value) for name, value in item.items()}
