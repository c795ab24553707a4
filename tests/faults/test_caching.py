"""What is cached refuses no less: each refusal comes again, and also after a good request of the same expression."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.faults.caching import caching

NAMES = {"#a": "a", "#b": "b"}
VALUES = {":one": {"N": "1"}, ":two": {"N": "2"}}
GOOD = {"UpdateExpression": "SET #a = :one, #b = :two", "ExpressionAttributeNames": NAMES}


@pytest.fixture
def update(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """UpdateItem of one item of a table whose key is `id`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(), caching():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

        def call(**changed: Any) -> Any:
            request = GOOD | {"ExpressionAttributeValues": VALUES} | changed
            return client.update_item(TableName="table", Key={"id": {"S": "1"}}, ReturnValues="ALL_NEW", **request)

        yield call


@pytest.mark.parametrize(
    "bad",
    [
        {"ExpressionAttributeNames": {"#a": "a", "#b": "id"}},
        {"ExpressionAttributeNames": {"#a": "a", "#b": "a"}},
        {"ExpressionAttributeValues": {":one": {"N": "1"}}},
        {"UpdateExpression": "SET #a = :one SET #b = :two"},
        {"ConditionExpression": "#a = :two"},
        {"ExpressionAttributeValues": VALUES | {":three": {"N": "3"}}},
    ],
    ids=["key", "same attribute", "no value", "two clauses", "condition", "unused value"],
)
def test_refusal_comes_again_after_a_good_request(update: Any, bad: dict[str, Any]) -> None:
    update()
    for _ in range(2):
        with pytest.raises(ClientError):
            update(**bad)


def test_repeated_expression_takes_its_new_values(update: Any) -> None:
    update()
    attributes = update(ExpressionAttributeValues={":one": {"N": "3"}, ":two": {"N": "4"}})["Attributes"]
    assert (attributes["a"], attributes["b"]) == ({"N": "3"}, {"N": "4"})
