"""Creates a stack, and applies the properties that moto's CloudFormation ignores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.aws.control import Control
from local.aws.resources import Resource, filter_by_type
from local.aws.template import TemplateError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def create_stack(
    cloudformation: CloudFormationClient,
    endpoint: str,
    name: str,
    template: Mapping[str, Any],
    parameters: Mapping[str, str],
) -> list[Resource]:
    """Create the stack, and return its resources with resolved properties.

    Raises TemplateError, which names the resource that failed.
    """
    try:
        made = cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
    except ClientError as error:
        raise TemplateError(f"the stack cannot be created: {error.response['Error']['Message']}") from error
    return Control(endpoint).load_stack(made["StackId"])


def complete_resources(resources: list[Resource], s3: S3Client, dynamodb: DynamoDBClient) -> None:
    """Apply the properties of buckets and tables that moto's CloudFormation ignores."""
    for bucket in filter_by_type(resources, "S3::Bucket"):
        _complete_bucket(s3, str(bucket.physical_id), bucket.properties)
    for table in filter_by_type(resources, "DynamoDB::Table"):
        _complete_table(dynamodb, str(table.physical_id), table.properties)


def _complete_bucket(s3: S3Client, bucket: str, given: Mapping[str, Any]) -> None:
    # The order matters: S3 locks objects only in a bucket with versioning.
    steps: dict[str, Callable[[Any], Any]] = {
        "VersioningConfiguration": lambda v: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=v),
        "ObjectLockConfiguration": lambda v: s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=v),
        "PublicAccessBlockConfiguration": lambda v: s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=v
        ),
        "OwnershipControls": lambda v: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=v),
        "NotificationConfiguration": lambda v: s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=_to_api_notifications(v)
        ),
    }
    for name, apply in steps.items():
        if name in given:
            apply(_restore_types(given[name]))


def _complete_table(dynamodb: DynamoDBClient, table: str, given: Mapping[str, Any]) -> None:
    if "TimeToLiveSpecification" in given:
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=given["TimeToLiveSpecification"])
    if "PointInTimeRecoverySpecification" in given:
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification=given["PointInTimeRecoverySpecification"]
        )


def _to_api_notifications(given: Mapping[str, Any]) -> Any:
    """Convert a notification configuration from CloudFormation's names to those of S3's API."""
    lists = {
        "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    }
    configuration: dict[str, Any] = {
        api: [_to_api_notification(entry, part, api_part) for entry in given[cloudformation]]
        for cloudformation, (api, part, api_part) in lists.items()
        if cloudformation in given
    }
    enabled = given.get("EventBridgeConfiguration", {"EventBridgeEnabled": "false"})
    if str(enabled.get("EventBridgeEnabled", True)).lower() == "true":
        configuration["EventBridgeConfiguration"] = {}
    return configuration


def _to_api_notification(entry: Mapping[str, Any], part: str, api_part: str) -> dict[str, Any]:
    rules = entry.get("Filter", {}).get("S3Key", {}).get("Rules")
    return {
        api_part: entry[part],
        "Events": [entry["Event"]],
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _restore_types(value: Any) -> Any:
    """Convert strings back to numbers and booleans, as CloudFormation does: a parameter makes strings of them."""
    if isinstance(value, dict):
        return {k: _restore_types(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_restore_types(v) for v in value]
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value, int(value) if value.isdecimal() else value)
    return value
