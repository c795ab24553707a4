"""The rule that tells people who changes what protects the evidence, against calls as CloudTrail records them."""

from typing import Any

import pytest
from moto.events.models import EventPattern

from tests.policy.deployed import ACCOUNT, QUARANTINE, REGION, UPLOADS, Deployed
from tests.support.template import RESOURCES

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/QuarantineKey-id"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/BreakGlassRole-id"


@pytest.fixture(scope="module")
def pattern() -> EventPattern:
    return EventPattern(None, Deployed().resolve(RESOURCES["GuardrailRule"]["Properties"]["EventPattern"]))


def call(source: str, name: str, **parameters: str) -> Any:
    """Return a call as CloudTrail hands it to EventBridge."""
    detail = {"eventName": name, "eventID": "e", "requestParameters": parameters, "userIdentity": {"arn": "arn"}}
    return {"source": source, "detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT, "detail": detail}


@pytest.mark.parametrize("key", [KEY, "QuarantineKey-id"])
@pytest.mark.parametrize(
    "name", ["PutKeyPolicy", "CreateGrant", "DisableKey", "DisableKeyRotation", "ScheduleKeyDeletion"]
)
def test_call_that_endangers_the_key_is_told(pattern: EventPattern, name: str, key: str) -> None:
    assert pattern.matches_event(call("aws.kms", name, keyId=key))
    assert not pattern.matches_event(call("aws.kms", name, keyId="another-key"))


@pytest.mark.parametrize("bucket", [UPLOADS, QUARANTINE])
@pytest.mark.parametrize(
    "name",
    [
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutBucketVersioning",
        "PutBucketLifecycle",
        "PutBucketNotification",
        "PutBucketObjectLockConfiguration",
    ],
)
def test_call_that_opens_a_bucket_is_told(pattern: EventPattern, name: str, bucket: str) -> None:
    assert pattern.matches_event(call("aws.s3", name, bucketName=bucket))
    assert not pattern.matches_event(call("aws.s3", name, bucketName="another-bucket"))


def test_use_of_the_break_glass_role_is_told(pattern: EventPattern) -> None:
    assert pattern.matches_event(call("aws.sts", "AssumeRole", roleArn=ROLE))
    assert not pattern.matches_event(call("aws.sts", "AssumeRole", roleArn="arn:aws:iam::123456789012:role/other"))


def test_daily_calls_are_not_told(pattern: EventPattern) -> None:
    assert not pattern.matches_event(call("aws.kms", "GenerateDataKey", keyId=KEY))
    assert not pattern.matches_event(call("aws.kms", "Decrypt", keyId=KEY))
    assert not pattern.matches_event(call("aws.s3", "GetBucketPolicy", bucketName=QUARANTINE))


def test_notice_quotes_nothing_that_an_uploader_chose() -> None:
    """EventBridge escapes nothing in a template, and so one quotation mark would suppress the notice."""
    (target,) = RESOURCES["GuardrailRule"]["Properties"]["Targets"]
    paths = set(target["InputTransformer"]["InputPathsMap"].values())
    assert paths == {"$.detail.eventName", "$.detail.eventID", "$.detail.eventTime", "$.detail.userIdentity.arn"}
