"""What an owner has set: what keeps the scanners out is found, and what does not is left alone."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.guardctl.buckets.facts import BucketFacts
from ops.guardctl.buckets.hazards import find_hazards
from tests.ops.guardctl.existing_bucket import OURS, ROLES

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222"
PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
GOOD = BucketFacts(
    name="pictures", region="us-east-1", versions="Enabled", notification={}, policy=None, encryption=[], lifecycle=[],
    ownership="BucketOwnerEnforced", replication=[], public_access=dict.fromkeys(PUBLIC, True),
)  # fmt: skip


def found(**changes: Any) -> list[str]:
    """Return the subjects of what is not right."""
    findings = find_hazards(replace(GOOD, **changes), [KEY], ROLES, sorted(OURS))
    return [one.subject.partition(": ")[2] for one in findings if one.level != "ok"]


def encrypted(key: str) -> list[dict[str, Any]]:
    return [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]


def deny(**changes: Any) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::pictures/*"} | changes
    return json.dumps({"Statement": {name: value for name, value in statement.items() if value is not None}})


def test_bucket_as_it_should_be_has_no_hazard() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"encryption": encrypted("arn:aws:kms:us-east-1:123456789012:key/other")}, "encryption"),
        ({"encryption": encrypted("alias/mine")}, "encryption"),
        ({"lifecycle": [{"Status": "Enabled", "Expiration": {"Days": 14}}]}, "lifecycle"),
        ({"lifecycle": [{"Status": "Enabled", "Expiration": {"Date": "2030-01-01"}}]}, "lifecycle"),
        ({"lifecycle": [{"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]}, "lifecycle"),
        ({"ownership": "ObjectWriter"}, "access control lists"),
        ({"ownership": ""}, "access control lists"),
        ({"replication": [{"ID": "backup", "Status": "Enabled"}]}, "replication"),
        ({"public_access": {}}, "public access"),
        ({"public_access": dict.fromkeys(PUBLIC, True) | {"RestrictPublicBuckets": False}}, "public access"),
    ],
)
def test_hazard_is_found(changes: dict[str, Any], subject: str) -> None:
    assert found(**changes) == [subject]


@pytest.mark.parametrize(
    "changes",
    [
        {"encryption": encrypted(KEY)},
        {"encryption": encrypted("11111111-2222")},
        {"encryption": encrypted("arn:aws:kms:us-east-1:123456789012:alias/aws/s3")},
        {"encryption": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        {"lifecycle": [{"Status": "Enabled", "Expiration": {"Days": 15}}]},
        {"lifecycle": [{"Status": "Disabled", "Expiration": {"Days": 1}}]},
        {"lifecycle": [{"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]},
        {"replication": [{"Status": "Disabled"}]},
    ],
)
def test_harmless_setting_is_left_alone(changes: dict[str, Any]) -> None:
    assert found(**changes) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, "Action": ["s3:Put*", "s3:GetObject*"]},
        {"Condition": {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}, "Action": "s3:GetObject"},
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/web"}}},
        # One of the two roles is not enough.
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": [ROLES[0]]}}},
        # This denies to the scanners what it permits to all others.
        {"Condition": {"ArnEquals": {"aws:PrincipalArn": ROLES}}},
        {"Principal": None, "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/web"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Principal": {"AWS": ROLES[1]}},
        {"Action": None, "NotAction": "s3:List*"},
        {"Action": "S3:getobject"},
    ],
)
def test_denial_that_may_keep_the_scanners_out_is_found(changes: dict[str, Any]) -> None:
    assert found(policy=deny(**changes)) == ["the owner's denials"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": "Allow"},
        {"Sid": "DenyReadingMatches"},
        {"Action": ["s3:PutObject", "s3:DeleteBucket"]},
        {"Action": None, "NotAction": ["s3:Get*", "s3:*Tagging", "s3:Delete*", "s3:List*"]},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "ArnNotEquals": {"aws:PrincipalArn": ROLES}}},
        {"Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/on-*"}}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/web"}},
        {"Principal": {"Service": "logging.s3.amazonaws.com"}},
    ],
)
def test_denial_that_does_not_concern_the_scanners_is_left_alone(changes: dict[str, Any]) -> None:
    assert found(policy=deny(**changes)) == []
