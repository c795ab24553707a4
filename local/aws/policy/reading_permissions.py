"""The permissions of calls that read how a stack's resources are set up, or start a function. Pure.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from local.aws.policy.api_call import ApiCall
from local.aws.policy.permission import AccountState, Permission

Require = Callable[[ApiCall, AccountState], Iterator[Permission]]


def _on(action: str, prefix: str, parameter: str) -> Require:
    """Require an action on the resource that a parameter names by its ARN, or by the rest of it after `prefix`."""
    service = action.partition(":")[0]

    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        given = str(call.parameters[parameter])
        whole = f"arn:aws:{service}:{call.region}:{state.account}:{prefix}{given}"
        yield Permission(action, given if given.startswith("arn:") else whole)

    return required


def _on_function(action: str) -> Require:
    """Require an action on a function, or on its version or alias where one is named."""

    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        name, qualifier = str(call.parameters["FunctionName"]), call.parameters.get("Qualifier")
        arn = name if name.startswith("arn:") else f"arn:aws:lambda:{call.region}:{state.account}:function:{name}"
        yield Permission(action, f"{arn}:{qualifier}" if qualifier else arn)

    return required


def _on_stack(action: str) -> Require:
    def required(call: ApiCall, state: AccountState) -> Iterator[Permission]:
        name = str(call.parameters["StackName"])
        arn = f"arn:aws:cloudformation:{call.region}:{state.account}:stack/{name}/id"
        yield Permission(f"cloudformation:{action}", name if name.startswith("arn:") else arn)

    return required


def _on_alarms(call: ApiCall, state: AccountState) -> Iterator[Permission]:
    yield Permission("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{call.region}:{state.account}:alarm:*")


def _on_everything(action: str) -> Require:
    def required(_: ApiCall, __: AccountState) -> Iterator[Permission]:
        yield Permission(action, "*")

    return required


READING: dict[str, Require] = {
    "lambda.Invoke": _on_function("lambda:InvokeFunction"),
    "lambda.GetFunctionConfiguration": _on_function("lambda:GetFunctionConfiguration"),
    "lambda.GetEventSourceMapping": _on("lambda:GetEventSourceMapping", "event-source-mapping:", "UUID"),
    "lambda.GetAccountSettings": _on_everything("lambda:GetAccountSettings"),
    **{
        f"cloudformation.{action}": _on_stack(action)
        for action in ("DescribeStacks", "ListStackResources", "GetTemplate")
    },
    **{
        f"dynamodb.{action}": _on(f"dynamodb:{action}", "table/", "TableName")
        for action in ("DescribeTimeToLive", "DescribeContinuousBackups")
    },
    "monitoring.DescribeAlarms": _on_alarms,
    "events.DescribeRule": _on("events:DescribeRule", "rule/", "Name"),
    "kms.DescribeKey": _on("kms:DescribeKey", "key/", "KeyId"),
    "kms.GetKeyRotationStatus": _on("kms:GetKeyRotationStatus", "key/", "KeyId"),
    "sns.ListSubscriptionsByTopic": _on("sns:ListSubscriptionsByTopic", "", "TopicArn"),
}
