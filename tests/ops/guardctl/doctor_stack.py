"""A stack in moto that is set up as the template says, for doctor to look at and for tests to break.

CloudFormation and Lambda are fakes: moto's would create what the template names in containers.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Check, Finding, NamedCheck, run_check
from ops.guardctl.target import Target
from ops.stack import Stack
from tests.policy.deployed import Deployed
from tests.support.moto_aws import REGION, SESSION
from tests.support.template import translate_template

UPLOADS, QUARANTINE = "UploadBucket-id", "QuarantineBucket-id"
ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:on-upload:live"
BLOCKED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
TEMPLATE = translate_template()
# These have an id of their own making in moto; all others are called after their logical id.
IDS = {"ResultsTable": "results", "RateLimiterTable": "limiter", "OperationsTable": "operations"}


@functools.cache
def client(service: str) -> Any:
    """Return a client, which takes moto's answers in each test. Making one costs more than most calls."""
    return SESSION.client(service)  # type: ignore[call-overload]


@dataclass
class FakePages:
    page: dict[str, Any]

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [self.page]


@dataclass
class FakeCloudFormation:
    resources: dict[str, tuple[str, str]]
    status: str = "UPDATE_COMPLETE"

    class meta:  # noqa: N801 - botocore's name
        region_name = REGION

    def get_paginator(self, _: str) -> FakePages:
        listed = [
            {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": physical}
            for name, (kind, physical) in self.resources.items()
        ]
        return FakePages({"StackResourceSummaries": listed})

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": TEMPLATE}

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.status}]}


@dataclass
class FakeLambda:
    """Functions and mappings that are all as they should be, and what a test makes of them."""

    states: dict[str, dict[str, str]] = field(default_factory=dict)
    mappings: dict[str, str] = field(default_factory=dict)
    executions: int = 1000

    def get_function_configuration(self, FunctionName: str) -> dict[str, str]:  # noqa: N803
        return {"State": "Active", "LastUpdateStatus": "Successful"} | self.states.get(FunctionName, {})

    def get_event_source_mapping(self, UUID: str) -> dict[str, str]:  # noqa: N803
        return {"State": self.mappings.get(UUID, "Enabled")}

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": self.executions}}


@dataclass
class DoctorStack:
    """The stack, and what each check finds of it."""

    target: Target
    cloudformation: FakeCloudFormation
    functions: FakeLambda

    def find(self, check: Check) -> dict[str, Finding]:
        """Run one check, and return its findings by their subjects."""
        found = list(run_check(NamedCheck("the check", check), Deployment(self.target)))
        assert found, "a check that finds nothing says nothing"
        return {finding.subject: finding for finding in found}

    def levels(self, check: Check) -> dict[str, str]:
        return {subject: finding.level.value for subject, finding in self.find(check).items()}

    def not_ok(self, check: Check) -> dict[str, str]:
        return {subject: level for subject, level in self.levels(check).items() if level != "ok"}

    def with_parameters(self, **parameters: str) -> None:
        stack = replace(self.target.stack, parameters={**self.target.stack.parameters, **parameters})
        self.target = replace(self.target, stack=stack)


def make_stack(target: Target) -> DoctorStack:
    """Set up in moto what the template says. `target` has the tables and queues already."""
    resources = {name: (r["Type"], IDS.get(name, f"{name}-id")) for name, r in TEMPLATE["Resources"].items()}
    resources = {n: r for n, r in resources.items() if TEMPLATE["Resources"][n].get("Condition") is None}
    resources["OnUploadFunctionAliaslive"] = ("AWS::Lambda::Alias", ALIAS)
    sqs = client("sqs")
    outputs = {
        **target.stack.outputs,
        "OperatorRoleArn": "arn:aws:iam::123456789012:role/operator",
        "NotificationDeadLetterQueueUrl": sqs.create_queue(QueueName="notices")["QueueUrl"],
    }
    _make_key(resources)
    _make_buckets(resources["QuarantineKey"][1])
    notify(["s3:ObjectCreated:*", "s3:ObjectRestore:Completed"])
    _make_topic(resources)
    _protect_tables()
    for name, (kind, physical) in resources.items():
        if kind == "AWS::Events::Rule":
            client("events").put_rule(Name=physical, ScheduleExpression="rate(1 hour)")
        if kind == "AWS::CloudWatch::Alarm":
            put_alarm(f"guard-{name}-1", resources["AlarmTopic"][1])
            resources[name] = kind, f"guard-{name}-1"
    cloudformation, functions = FakeCloudFormation(resources), FakeLambda()
    fakes = {"cloudformation": cloudformation, "lambda": functions}
    make: Callable[[str], Any] = lambda name: fakes.get(name) or client(name)  # noqa: E731
    stack = Stack("guard", outputs, target.stack.parameters)
    return DoctorStack(replace(target, stack=stack, client=make), cloudformation, functions)


def _make_key(resources: dict[str, tuple[str, str]]) -> None:
    kms, secrets = client("kms"), client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    resources["QuarantineKey"] = "AWS::KMS::Key", key
    secret = secrets.create_secret(Name="key", SecretString="generated")["ARN"]
    secrets.put_secret_value(SecretId=secret, SecretString="the operator's")
    resources["SubscriptionKey"] = "AWS::SecretsManager::Secret", secret


def _make_buckets(key: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=UPLOADS)
    s3.create_bucket(Bucket=QUARANTINE, ObjectLockEnabledForBucket=True)
    retention = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}}
    s3.put_object_lock_configuration(Bucket=QUARANTINE, ObjectLockConfiguration=retention)
    for bucket in (UPLOADS, QUARANTINE):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
        put_policy(bucket, Deployed().statements(bucket.replace("-id", "Policy")))
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:{REGION}:123456789012:key/{key}"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=QUARANTINE, ServerSideEncryptionConfiguration=rules)


def put_policy(bucket: str, statements: list[dict[str, Any]]) -> None:
    policy = {"Version": "2012-10-17", "Statement": statements}
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def put_alarm(name: str, *topics: str, enabled: bool = True) -> None:
    """Put an alarm that publishes to these topics."""
    client("cloudwatch").put_metric_alarm(
        AlarmName=name, AlarmActions=list(topics), ActionsEnabled=enabled, Namespace="x", MetricName="x",
        Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip


def notify(events: list[str], function: str = ALIAS, **more: Any) -> None:
    wanted: Any = {"LambdaFunctionArn": function, "Events": events, **more}
    client("s3").put_bucket_notification_configuration(
        Bucket=UPLOADS,
        NotificationConfiguration={"LambdaFunctionConfigurations": [wanted]},
        SkipDestinationValidation=True,
    )


def _make_topic(resources: dict[str, tuple[str, str]]) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    resources["AlarmTopic"] = "AWS::SNS::Topic", topic
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.org")


def _protect_tables() -> None:
    dynamodb = client("dynamodb")
    for table in ("results", "operations"):
        recovery = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
    dynamodb.update_table(TableName="results", DeletionProtectionEnabled=True)
    expiry = {"Enabled": True, "AttributeName": "expires_at"}
    dynamodb.update_time_to_live(TableName="results", TimeToLiveSpecification=expiry)
