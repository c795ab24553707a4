"""Creates the stack in moto, and applies what moto's CloudFormation reads over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

from botocore.exceptions import ClientError

from local.aws.functions import Resource
from local.aws.template import TemplateFault

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def create(
    cloudformation: CloudFormationClient,
    endpoint: str,
    name: str,
    template: Mapping[str, Any],
    parameters: Mapping[str, str],
) -> list[Resource]:
    """Creates the stack; its resources with their properties resolved. Raises TemplateFault, naming what failed."""
    try:
        made = cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
    except ClientError as error:
        raise TemplateFault(f"the stack cannot be created: {error.response['Error']['Message']}") from error
    direct = build_opener(ProxyHandler({}))  # whatever proxy the user's environment names
    with direct.open(f"{endpoint}/_embedded_cloud/stacks/{quote(made['StackId'])}", timeout=30) as answer:
        return [Resource(**described) for described in json.load(answer)]


def complete(resources: list[Resource], s3: S3Client, dynamodb: DynamoDBClient) -> None:
    """Applies what moto's CloudFormation left out."""
    for resource in resources:
        if resource.type == "AWS::S3::Bucket":
            complete_bucket(s3, str(resource.physical_id), resource.properties)
        if resource.type == "AWS::DynamoDB::Table":
            complete_table(dynamodb, str(resource.physical_id), resource.properties)


def complete_bucket(s3: S3Client, bucket: str, given: Mapping[str, Any]) -> None:
    """What CloudFormation does for a bucket, and moto's leaves out. The order is S3's: a lock needs versions."""
    steps: dict[str, Callable[[Any], Any]] = {
        "VersioningConfiguration": lambda v: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=v),
        "ObjectLockConfiguration": lambda v: s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=v),
        "PublicAccessBlockConfiguration": lambda v: s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=v
        ),
        "OwnershipControls": lambda v: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=v),
        "NotificationConfiguration": lambda v: s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=notifications(v)
        ),
    }
    for name, apply in steps.items():
        if name in given:
            apply(_typed(given[name]))


def complete_table(dynamodb: DynamoDBClient, table: str, given: Mapping[str, Any]) -> None:
    """Time to live and point-in-time recovery, which moto's CloudFormation leaves out."""
    if "TimeToLiveSpecification" in given:
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=given["TimeToLiveSpecification"])
    if "PointInTimeRecoverySpecification" in given:
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification=given["PointInTimeRecoverySpecification"]
        )


def notifications(given: Mapping[str, Any]) -> Any:
    """The configuration as S3's API takes it, from CloudFormation's, which names its parts otherwise."""
    lists = {
        "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    }
    configuration: dict[str, Any] = {
        api: [_notification(entry, part, api_part) for entry in given[cloudformation]]
        for cloudformation, (api, part, api_part) in lists.items()
        if cloudformation in given
    }
    enabled = given.get("EventBridgeConfiguration", {"EventBridgeEnabled": "false"})
    if str(enabled.get("EventBridgeEnabled", True)).lower() == "true":
        configuration["EventBridgeConfiguration"] = {}
    return configuration


def _notification(entry: Mapping[str, Any], part: str, api_part: str) -> dict[str, Any]:
    rules = entry.get("Filter", {}).get("S3Key", {}).get("Rules")
    return {
        api_part: entry[part],
        "Events": [entry["Event"]],
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _typed(value: Any) -> Any:
    """Numbers and booleans where a parameter has made strings of them: CloudFormation turns them back as well."""
    if isinstance(value, dict):
        return {k: _typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_typed(v) for v in value]
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value, int(value) if value.isdecimal() else value)
    return value
