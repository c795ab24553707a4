"""A DynamoDB table whose items are only ever moved by conditional updates; and what its answers tell of its clock."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from photodna_guard.aws.error_translation import error_code, translate_aws_errors
from photodna_guard.rate_limiter.server_clock import ServerClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_to_item, _from_item = TypeSerializer().serialize, TypeDeserializer().deserialize


class ConditionFailedError(Exception):
    """The condition did not hold; `item` is what stands there."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__()
        self.item = item


@dataclass(frozen=True, slots=True)
class Table:
    """`time` hears each answer's date; `now` is this machine's clock (epoch seconds)."""

    client: "DynamoDBClient"
    name: str
    now: Callable[[], float] = time.time
    time: ServerClock = field(default_factory=ServerClock)

    def update(
        self,
        key: Mapping[str, str],
        expression: str,
        condition: str | None,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """One UpdateItem: the item as it is afterwards. Raises Refused, Busy and TryAgain."""
        more: Any = {"ExpressionAttributeNames": names} if names else {}
        if condition:
            more |= {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        if values:
            more["ExpressionAttributeValues"] = {name: _to_item(value) for name, value in values.items()}
        with translate_aws_errors("dynamodb:UpdateItem"):
            sent = self.now()
            try:
                answer = self.client.update_item(
                    TableName=self.name,
                    Key=_key(key),
                    UpdateExpression=expression,
                    ReturnValues="ALL_NEW",
                    **more,
                )
            except ClientError as error:
                self._hear(sent, error.response)
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                found: Any = error.response.get("Item", {})
                raise ConditionFailedError(_plain(found)) from None
        self._hear(sent, answer)
        return _plain(answer["Attributes"])

    def read(self, key: Mapping[str, str]) -> dict[str, Any]:
        """The item as it is, empty where there is none. Raises Busy and TryAgain."""
        with translate_aws_errors("dynamodb:GetItem"):
            sent = self.now()
            answer = self.client.get_item(TableName=self.name, Key=_key(key), ConsistentRead=True)
        self._hear(sent, answer)
        return _plain(answer.get("Item", {}))

    def query(self, index: str, attribute: str, value: str) -> Iterator[dict[str, Any]]:
        """The items of one partition of an index, as they were a moment ago. Raises Busy and TryAgain."""
        more: Any = {}
        while more is not None:
            with translate_aws_errors("dynamodb:Query"):
                answer = self.client.query(
                    TableName=self.name,
                    IndexName=index,
                    KeyConditionExpression="#name = :value",
                    ExpressionAttributeNames={"#name": attribute},
                    ExpressionAttributeValues={":value": {"S": value}},
                    **more,
                )
            yield from map(_plain, answer["Items"])
            last = answer.get("LastEvaluatedKey")
            more = {"ExclusiveStartKey": last} if last else None

    def _hear(self, sent: float, answer: Mapping[str, Any]) -> None:
        received = self.now()
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            self.time.observe(sent, received, parsedate_to_datetime(date).timestamp())
        except (ValueError, TypeError):  # an answer without a usable date tells nothing
            return


def _key(key: Mapping[str, str]) -> dict[str, Any]:
    return {attribute: {"S": value} for attribute, value in key.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_item(value) for name, value in item.items()}
