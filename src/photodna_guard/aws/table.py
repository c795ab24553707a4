"""A DynamoDB table whose items are written by conditional updates only. Its responses set the server clock."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from photodna_guard.aws.error_translation import error_code, translate_aws_errors
from photodna_guard.domain.errors import DeferrableError
from photodna_guard.rate_limiter.server_clock import ServerClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialize, _deserialize = TypeSerializer().serialize, TypeDeserializer().deserialize


class ConditionFailedError(Exception):
    """The condition of an update did not hold, so nothing was written. `item` is the stored item; empty if none."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__()
        self.item = item


@dataclass(frozen=True, slots=True)
class Table:
    """One DynamoDB table. Methods raise DeferrableError or RetryableError."""

    client: "DynamoDBClient"
    name: str
    # This machine's clock in epoch seconds.
    now: Callable[[], float] = time.time
    # Learns DynamoDB's clock from the Date header of each response.
    server_clock: ServerClock = field(default_factory=ServerClock)

    def update(
        self,
        key: Mapping[str, str],
        expression: str,
        condition: str | None,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Update one item and return all its attributes afterwards.

        Args:
            key: The key's attributes, all strings.
            expression: The UpdateExpression.
            condition: The ConditionExpression; None to write in any case.
            values: The values of both expressions by placeholder, such as ":status".
            names: The attribute names of both expressions by placeholder, such as "#status".

        Raises:
            ConditionFailedError: The condition did not hold.
        """
        more: Any = {"ExpressionAttributeNames": names} if names else {}
        if condition:
            more |= {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        if values:
            more["ExpressionAttributeValues"] = {name: _serialize(value) for name, value in values.items()}
        return self._update_item({"Key": _to_key(key), "UpdateExpression": expression, **more})

    def _update_item(self, arguments: Any) -> dict[str, Any]:
        with translate_aws_errors("dynamodb:UpdateItem"):
            sent = self.now()
            try:
                answer = self.client.update_item(TableName=self.name, ReturnValues="ALL_NEW", **arguments)
            except ClientError as error:
                self._observe_date(sent, error.response)
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                stored: Any = error.response.get("Item", {})
                raise ConditionFailedError(_to_python(stored)) from None
        self._observe_date(sent, answer)
        return _to_python(answer["Attributes"])

    def read(self, key: Mapping[str, str]) -> dict[str, Any]:
        """Return an item by a consistent read; empty if there is none."""
        with translate_aws_errors("dynamodb:GetItem"):
            sent = self.now()
            answer = self.client.get_item(TableName=self.name, Key=_to_key(key), ConsistentRead=True)
        self._observe_date(sent, answer)
        return _to_python(answer.get("Item", {}))

    def read_many(self, keys: Sequence[Mapping[str, str]], attributes: Sequence[str]) -> list[dict[str, Any]]:
        """Return these attributes of the items that exist, at most 100, by an eventually consistent read."""
        names = {f"#{name}": name for name in attributes}
        wanted: Any = {
            "Keys": [_to_key(key) for key in keys],
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        with translate_aws_errors("dynamodb:BatchGetItem"):
            answer = self.client.batch_get_item(RequestItems={self.name: wanted})
        if answer["UnprocessedKeys"]:
            raise DeferrableError("dynamodb:BatchGetItem: keys were not processed")
        return [_to_python(item) for item in answer["Responses"][self.name]]

    def query(self, index: str, attribute: str, value: str, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of one partition of an index, from all pages. The index is eventually consistent.

        `limit`: the items of a page, for a caller who needs the first ones only.
        """
        size: Any = {"Limit": limit} if limit else {}
        return self._query(attribute, value, {"IndexName": index} | size)

    def query_partition(self, attribute: str, value: str) -> Iterator[dict[str, Any]]:
        """Yield the items of one partition of the table, from all pages, by consistent reads."""
        return self._query(attribute, value, {"ConsistentRead": True})

    def _query(self, attribute: str, value: str, options: Any) -> Iterator[dict[str, Any]]:
        more: Any = {}
        while more is not None:
            with translate_aws_errors("dynamodb:Query"):
                answer = self.client.query(
                    TableName=self.name,
                    KeyConditionExpression="#name = :value",
                    ExpressionAttributeNames={"#name": attribute},
                    ExpressionAttributeValues={":value": {"S": value}},
                    **options,
                    **more,
                )
            yield from map(_to_python, answer["Items"])
            last = answer.get("LastEvaluatedKey")
            more = {"ExclusiveStartKey": last} if last else None

    def _observe_date(self, sent: float, answer: Mapping[str, Any]) -> None:
        """Pass a response's Date header to the server clock, with the times between which it was written."""
        received = self.now()
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        # A response without a usable date is ignored.
        with suppress(ValueError, TypeError):
            self.server_clock.observe(sent, received, parsedate_to_datetime(date).timestamp())


def _to_key(key: Mapping[str, str]) -> dict[str, Any]:
    return {attribute: {"S": value} for attribute, value in key.items()}


def _to_python(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}
