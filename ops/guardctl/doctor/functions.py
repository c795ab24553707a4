"""What starts the functions, and whether they can run: states, mappings, schedules, and the bucket's notification."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from ops.guardctl.doctor.deployment import Deployment, NotInEmbeddedCloudError
from ops.guardctl.doctor.findings import Finding, Level, find

_DEPLOY = "Look at its log, and deploy the stack again"
# Lambda takes no smaller MaximumConcurrency.
_MIN_WORKERS = 2
# A fresh upload holds an execution for its slot and its answer. The sweep needs one as well.
_EXECUTIONS_FOR_UPLOADS = 4
# The retry queue and the backfill queue have workers, as many each.
_QUEUES = 2


def check_functions(deployment: Deployment) -> Iterator[Finding]:
    """Check that each function is active, and that its last update succeeded."""
    client = deployment.client("lambda")
    for name, function in deployment.of_type("AWS::Lambda::Function").items():
        found = client.get_function_configuration(FunctionName=function)
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or ""
        yield find(
            (state, update) in (("Active", "Successful"), ("Inactive", "Successful")),
            name,
            "active",
            f"{state}, last update {update} {reason}".strip(),
            _DEPLOY,
        )


def check_mappings(deployment: Deployment) -> Iterator[Finding]:
    """Check that the workers of both queues take messages."""
    client = deployment.client("lambda")
    for name, uuid in deployment.of_type("AWS::Lambda::EventSourceMapping").items():
        state = client.get_event_source_mapping(UUID=uuid)["State"]
        yield find(
            state in ("Enabled", "Updating", "Enabling", "Creating"),
            f"queue of {name}",
            "worked",
            f"{state}: nobody takes from it, and uploads wait",
            f"aws lambda update-event-source-mapping --uuid {uuid} --enabled",
        )


def check_rules(deployment: Deployment) -> Iterator[Finding]:
    """Check that the schedules and the rules that tell people are enabled."""
    client = deployment.client("events")
    for name, rule in deployment.of_type("AWS::Events::Rule").items():
        state = client.describe_rule(Name=rule)["State"]
        yield find(
            state.startswith("ENABLED"),
            f"rule {name}",
            "enabled",
            f"{state}: what it starts does not run, or what it tells nobody is told of",
            f"aws events enable-rule --name {rule}",
        )


def check_notification(deployment: Deployment) -> Iterator[Finding]:
    """Check that the upload bucket tells the function's alias of each new object."""
    bucket, alias = deployment.resource("UploadBucket"), deployment.resource("OnUploadFunctionAliaslive")
    given = deployment.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    own = [one for one in given.get("LambdaFunctionConfigurations", []) if one["LambdaFunctionArn"] == alias]
    told = {event for one in own if not one.get("Filter") for event in one["Events"]}
    yield find(
        "s3:ObjectCreated:*" in told,
        "notification of the upload bucket",
        "each new object is told",
        "not each new object is told to OnUploadFunction: the reconciliation finds uploads hours later",
        f"Somebody has put another configuration. Add to it (aws s3api put-bucket-notification-configuration --bucket "
        f"{bucket}) a LambdaFunctionConfiguration of {alias} with the events s3:ObjectCreated:* and "
        f"s3:ObjectRestore:Completed, without a filter",
    )


def check_concurrency(deployment: Deployment) -> Iterator[Finding]:
    """Check that the account's concurrent executions leave some for fresh uploads."""
    limit = _read_limit(deployment)
    workers = int(deployment.parameter("Workers"))
    left, most = limit - _QUEUES * workers, (limit - _EXECUTIONS_FOR_UPLOADS) // _QUEUES
    until_then = f", and until then deploy with Workers={most}" if most >= _MIN_WORKERS else ""
    yield find(
        left >= _EXECUTIONS_FOR_UPLOADS,
        "concurrency",
        f"{limit} executions, of which the queues take at most {_QUEUES * workers}",
        f"{limit} executions in all, of which the queues may take {_QUEUES * workers}: fresh uploads wait",
        f"Ask AWS for more (docs/deploy.md, A new account's concurrency){until_then}, with FreshUploads=queue",
        Level.WARNING,
    )


def _read_limit(deployment: Deployment) -> int:
    """Return how many executions the account has that no function has reserved."""
    try:
        limits = deployment.client("lambda").get_account_settings()["AccountLimit"]
    except ClientError as error:
        if deployment.target.is_embedded and error.response["Error"]["Code"] == "404":
            raise NotInEmbeddedCloudError("it has no account settings") from None
        raise
    return int(limits.get("UnreservedConcurrentExecutions", limits["ConcurrentExecutions"]))
