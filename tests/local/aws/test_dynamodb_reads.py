"""The embedded cloud's reads of an index: the answers are moto's own."""

import random
from typing import Any

import pytest
from moto import mock_aws

from local.aws.moto import dynamodb as efficient_reads
from tests.support.moto_aws import SESSION

KEYS = [{"AttributeName": "part", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}]


def fill(client: Any, seed: int) -> None:
    chance = random.Random(seed)
    client.create_table(
        TableName="many",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "part", "sort")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-part", "KeySchema": KEYS, "Projection": {"ProjectionType": "ALL"}}],
    )
    for number in range(60):
        item = {"id": {"S": str(number)}, "part": {"S": chance.choice("ab")}, "sort": {"S": chance.choice("12345é")}}
        client.put_item(TableName="many", Item={k: v for k, v in item.items() if k != "sort" or number % 7})


def read_all(client: Any, seed: int) -> list[Any]:
    """Return the pages of many queries, with writes between them."""
    chance, pages = random.Random(seed), list[Any]()
    for _ in range(30):
        options: dict[str, Any] = {"Limit": chance.randint(1, 9)} if chance.random() < 0.8 else {}
        low, high = sorted(chance.choices("123456", k=2))
        ranged = chance.random() < 0.6
        values = {":part": {"S": chance.choice("abc")}}
        values |= {":low": {"S": low}, ":high": {"S": high}} if ranged else {}
        condition = "part = :part" + (" AND sort BETWEEN :low AND :high" if ranged else "")
        options |= {"ScanIndexForward": chance.random() < 0.5, "ExpressionAttributeValues": values}
        while True:
            answer = client.query(TableName="many", IndexName="by-part", KeyConditionExpression=condition, **options)
            # moto ends with an empty page where items follow that the condition leaves out. DynamoDB always may.
            if answer["Items"]:
                pages.append([answer[name] for name in ("Items", "Count", "ScannedCount")])
            if "LastEvaluatedKey" not in answer:
                break
            options["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        client.delete_item(TableName="many", Key={"id": {"S": str(chance.randint(0, 59))}})
    return pages


@pytest.mark.parametrize("seed", range(8))
def test_answers_are_motos_own(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    with mock_aws():
        client = SESSION.client("dynamodb")
        fill(client, seed)
        expected = read_all(client, seed)
    for owner, name in efficient_reads.REPLACED:
        # At the end the test has moto's own back.
        monkeypatch.setattr(owner, name, getattr(owner, name))
    efficient_reads.apply()
    with mock_aws():
        client = SESSION.client("dynamodb")
        fill(client, seed)
        assert read_all(client, seed) == expected
