"""The two buckets: lock, versions, public access, encryption and key, and their policies as they were deployed."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from ops.guardctl.doctor.deployment import Deployment, NotInEmbeddedCloudError
from ops.guardctl.doctor.findings import Finding, Level, find
from ops.guardctl.doctor.policies import describe_differences

BUCKETS = ("UploadBucket", "QuarantineBucket")
_PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def check_lock(deployment: Deployment) -> Iterator[Finding]:
    """Check the quarantine bucket's Object Lock: its mode and days are those of the parameters."""
    bucket, s3 = deployment.resource("QuarantineBucket"), deployment.client("s3")
    mode, days = deployment.parameter("RetentionMode"), int(deployment.parameter("RetentionDays"))
    try:
        lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        lock = {}
    default = lock.get("Rule", {}).get("DefaultRetention", {})
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}}}
    yield find(
        lock.get("ObjectLockEnabled") == "Enabled",
        "lock of the quarantine",
        "Object Lock is on",
        "Object Lock is off: matches can be deleted by whoever may delete",
        _lock_command(bucket, wanted),
    )
    yield find(
        (default.get("Mode"), default.get("Days")) == (mode, days),
        "retention",
        f"{mode} for {days} days",
        f"{default.get('Mode', 'no mode')} for {default.get('Days', 'no')} days, and not {mode} for {days} days",
        _lock_command(bucket, wanted),
    )


def _lock_command(bucket: str, wanted: dict[str, Any]) -> str:
    given = json.dumps(wanted, separators=(",", ":"))
    return f"aws s3api put-object-lock-configuration --bucket {bucket} --object-lock-configuration '{given}'"


def check_versions_and_access(deployment: Deployment) -> Iterator[Finding]:
    """Check that both buckets keep versions and block public access."""
    s3 = deployment.client("s3")
    for name in BUCKETS:
        bucket = deployment.resource(name)
        yield find(
            s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled",
            f"versions of {name}",
            "on",
            "off: nothing pins a verdict to the bytes that were checked",
            f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled",
        )
        blocked = _read_public_access(s3, bucket)
        yield find(
            all(blocked.get(each) for each in _PUBLIC),
            f"public access of {name}",
            "blocked",
            f"not blocked: {', '.join(each for each in _PUBLIC if not blocked.get(each))}",
            f"aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration "
            + ",".join(f"{each}=true" for each in _PUBLIC),
        )


def _read_public_access(s3: Any, bucket: str) -> dict[str, bool]:
    try:
        found: dict[str, bool] = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        return {}
    return found


def check_encryption(deployment: Deployment) -> Iterator[Finding]:
    """Check the quarantine's key: that the bucket encrypts with it, that it can be used, and that it rotates."""
    bucket, key = deployment.resource("QuarantineBucket"), deployment.resource("QuarantineKey")
    rules = deployment.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    used = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", "") for rule in rules]
    yield find(
        any(each.endswith(key) for each in used),
        "encryption of the quarantine",
        "with the quarantine's key",
        "not with the quarantine's key: whoever may read the bucket needs no right to decrypt",
        f"aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration "
        f'\'{{"Rules":[{{"ApplyServerSideEncryptionByDefault":{{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"{key}"}}}}]}}\'',
    )
    kms = deployment.client("kms")
    state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    cancel = f"aws kms cancel-key-deletion --key-id {key}; " if state == "PendingDeletion" else ""
    yield find(
        state == "Enabled",
        "the quarantine's key",
        "enabled",
        f"{state}: no match can be copied, and no evidence be read",
        f"{cancel}aws kms enable-key --key-id {key}",
    )
    yield find(
        kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        "rotation of the quarantine's key",
        "on",
        "off",
        f"aws kms enable-key-rotation --key-id {key}",
        Level.WARNING,
    )


def check_policies(deployment: Deployment) -> Iterator[Finding]:
    """Compare the buckets' policies, statement by statement, with the template that was deployed."""
    if deployment.target.is_embedded:
        # Its S3 holds no policy; the permissions are decided in front of it.
        _read_policy(deployment, BUCKETS[0])
        raise NotInEmbeddedCloudError("its S3 keeps no bucket policy")
    for name in BUCKETS:
        given = deployment.template["Resources"][f"{name}Policy"]["Properties"]["PolicyDocument"]
        differences = describe_differences(deployment.resolver.resolve(given), _read_policy(deployment, name))
        yield find(
            not differences,
            f"policy of {name}",
            "as it was deployed",
            "; ".join(differences),
            f"Who did it is in CloudTrail. See what differs (aws cloudformation detect-stack-drift --stack-name "
            f"{deployment.target.stack.name}), and put the policy of template.yaml again (aws s3api put-bucket-policy)",
        )


def _read_policy(deployment: Deployment, name: str) -> dict[str, Any]:
    try:
        policy = deployment.client("s3").get_bucket_policy(Bucket=deployment.resource(name))["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return {}
    found: dict[str, Any] = json.loads(policy)
    return found
