"""One conditional UpdateItem: what stands there afterwards, or what stood in its way. Nothing is read before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from guard.aws.faults import calling, code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_to_item, _from_item = TypeSerializer().serialize, TypeDeserializer().deserialize


class Refused(Exception):
    """The condition did not hold; `item` is what stands there."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__()
        self.item = item


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose items are only ever moved by conditional updates."""

    client: "DynamoDBClient"
    name: str

    def update(
        self,
        key: Mapping[str, str],
        expression: str,
        condition: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The item as it is afterwards. Raises Refused, Busy and TryAgain."""
        named: Any = {"ExpressionAttributeNames": names} if names else {}
        with calling("dynamodb:UpdateItem"):
            try:
                answer = self.client.update_item(
                    TableName=self.name,
                    Key={attribute: {"S": value} for attribute, value in key.items()},
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeValues={name: _to_item(value) for name, value in values.items()},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **named,
                )
            except ClientError as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                found: Any = error.response.get("Item", {})
                raise Refused(_plain(found)) from None
        return _plain(answer["Attributes"])


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_item(value) for name, value in item.items()}
