"""The tables' protection, the subscription key's secret, and the state of the stack itself."""

from collections.abc import Iterator

from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Finding, Level, find

_KEPT = ("ResultsTable", "OperationsTable")


def check_stack(deployment: Deployment) -> Iterator[Finding]:
    """Check that the last deployment succeeded."""
    name = deployment.target.stack.name
    (found,) = deployment.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    state = found["StackStatus"]
    if state.endswith("_IN_PROGRESS"):
        yield Finding(Level.WARNING, "stack", f"{state}: what is found now may change", "Wait for the deployment's end")
        return
    yield find(
        state in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"),
        "stack",
        state,
        f"{state}: the last deployment failed",
        f"See why (aws cloudformation describe-stack-events --stack-name {name}), and deploy again",
    )
    if deployment.parameter("Mode") == "observe":
        yield Finding(
            Level.WARNING,
            "mode",
            "observe: matches stay where they are",
            "Deploy with Mode=enforce when you trust them",
        )


def check_tables(deployment: Deployment) -> Iterator[Finding]:
    """Check what keeps the results and the journal, and lets old results expire."""
    client = deployment.client("dynamodb")
    for name in _KEPT:
        table = deployment.resource(name)
        backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        yield find(
            backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED",
            f"recovery of {name}",
            "to any second",
            "off: what is overwritten or deleted cannot be had back",
            f"aws dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification "
            "PointInTimeRecoveryEnabled=true",
        )
    table = deployment.resource("ResultsTable")
    yield find(
        client.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled", False),
        "deletion protection of ResultsTable",
        "on",
        "off: one call deletes every result",
        f"aws dynamodb update-table --table-name {table} --deletion-protection-enabled",
    )
    expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    yield find(
        (expiry["TimeToLiveStatus"], expiry.get("AttributeName"))
        in (("ENABLED", "expires_at"), ("ENABLING", "expires_at")),
        "expiry of results",
        "on",
        "off: results of clean uploads stay for ever",
        f"aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification "
        "Enabled=true,AttributeName=expires_at",
        Level.WARNING,
    )


def check_secret(deployment: Deployment) -> Iterator[Finding]:
    """Check that somebody has put a key over the generated value. The key itself is not read."""
    secret = deployment.resource("SubscriptionKey")
    found = deployment.client("secretsmanager").describe_secret(SecretId=secret)
    command = f"aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://key.txt"
    if found.get("DeletedDate"):
        yield Finding(
            Level.FAULT,
            "subscription key",
            "its secret is scheduled for deletion, and all uploads wait",
            f"aws secretsmanager restore-secret --secret-id {secret}",
        )
        return
    stages = [stage for stages in found.get("VersionIdsToStages", {}).values() for stage in stages]
    yield find(
        "AWSPREVIOUS" in stages,
        "subscription key",
        "was put into its secret; whether the service takes it, the canary knows",
        "the secret holds the value that was generated with the stack: the service refuses it, and all uploads wait",
        command,
    )
