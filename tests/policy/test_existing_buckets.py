"""Buckets of no stack in the embedded cloud: the policy that their owner puts is enforced, and EventBridge is shown."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack import EmbeddedCloud

BUCKET = "of-an-owner"


@pytest.fixture(scope="module")
def s3(cloud: EmbeddedCloud) -> Any:
    client = cloud.user_client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="a.jpg", Body=b"1", Tagging="scan-status=matched")
    return client


def put_policy(s3: Any, *statements: dict[str, Any]) -> None:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


DENY = {
    "Sid": "DenyMatches",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
    "Condition": {"StringEquals": {"s3:ExistingObjectTag/scan-status": "matched"}},
}
# The embedded cloud evaluates no addresses.
UNKNOWN = DENY | {"Sid": "Here", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}


def test_owners_policy_holds_from_its_call_on(s3: Any) -> None:
    assert s3.get_object(Bucket=BUCKET, Key="a.jpg")["ContentLength"] == 1
    put_policy(s3, DENY)
    with pytest.raises(ClientError, match="DenyMatches"):
        s3.get_object(Bucket=BUCKET, Key="a.jpg")
    s3.delete_bucket_policy(Bucket=BUCKET)
    assert s3.get_object(Bucket=BUCKET, Key="a.jpg")["ContentLength"] == 1


def test_condition_that_is_not_known_neither_allows_nor_is_ignored(s3: Any) -> None:
    put_policy(s3, UNKNOWN | {"Effect": "Allow"})
    assert s3.get_object(Bucket=BUCKET, Key="a.jpg")["ContentLength"] == 1
    put_policy(s3, UNKNOWN)
    with pytest.raises(ClientError, match="IpAddress"):
        s3.get_object(Bucket=BUCKET, Key="a.jpg")
    s3.delete_bucket_policy(Bucket=BUCKET)


@pytest.mark.parametrize("others", [{}, {"QueueConfigurations": [{"Id": "own", "Events": ["s3:ObjectCreated:*"]}]}])
def test_configuration_says_whether_event_bridge_gets_the_events(
    s3: Any, cloud: EmbeddedCloud, others: dict[str, Any]
) -> None:
    queue = cloud.resource("DeadLetterQueue").rpartition("/")[2]
    for one in others.get("QueueConfigurations", []):
        one["QueueArn"] = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
    configurations: list[dict[str, Any]] = [{}, {"EventBridgeConfiguration": {}}]
    for event_bridge in configurations:
        s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=others | event_bridge)
        found = s3.get_bucket_notification_configuration(Bucket=BUCKET)
        del found["ResponseMetadata"]
        assert found == others | event_bridge
