"""CloudFormation: where moto differs from AWS in types, lists and errors. Each function says what AWS does."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, cloudformation_backends

from local.aws.moto.awslambda import Alias
from local.aws.moto.replacement import replace
from local.aws.moto.secretsmanager import Secret

# Types that moto does not create, or must not, each with the reason.
NOT_CREATED = {
    "AWS::Lambda::EventSourceMapping": "the runner polls; moto would start containers",
    "AWS::Lambda::EventInvokeConfig": "the runner retries, and sends to the destination",
    "AWS::Lambda::Permission": "nothing here checks the right to invoke a function",
    "AWS::S3::BucketPolicy": "local.aws.policy enforces it; moto would ignore its principals and conditions",
    "AWS::SQS::QueuePolicy": "local.aws.policy enforces it",
    "AWS::SNS::TopicPolicy": "local.aws.policy enforces it",
    "AWS::SNS::Subscription": "nothing here delivers to a subscriber",
    "AWS::CloudWatch::Alarm": "nothing here publishes metrics",
    "AWS::CloudWatch::Dashboard": "nothing here shows metrics",
}
# Types whose properties nothing here reads. The dashboard's name the ARNs of alarms, and moto has none of them.
NOT_RESOLVED = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")
# moto finds the model of a type among the subclasses of CloudFormationModel: to be imported is enough.
CREATED_HERE = (Secret, Alias)


def apply() -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    # moto parses a template as YAML in pure Python, which takes a second; the templates here are JSON.
    replace(Stack, "parse_template", lambda _: staticmethod(json.loads))
    replace(parsing, "parse_and_create_resource", _name_failed_resource)
    replace(parsing.ResourceMap, "load_parameters", _split_lists)
    replace(parsing, "clean_json", _leave_out_no_value)
    replace(Stack, "parameter_list", _show_lists)


def _name_failed_resource(original: Callable[..., Any]) -> Callable[..., Any]:
    """CloudFormation names the resource that failed, and refuses an unknown type; moto does neither."""

    def create(logical_id: str, resource_json: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        kind = resource_json["Type"]
        if kind in NOT_CREATED:
            return None
        if kind not in parsing.get_model_map():
            raise ValidationError(message=f"{logical_id}: {kind} is not known to moto, nor listed in {__file__}")
        try:
            return original(logical_id, resource_json, *args, **kwargs)
        except ValidationError:
            raise
        except Exception as error:
            raise ValidationError(message=f"{logical_id} ({kind}): {error!r}") from error

    return create


def _split_lists(original: Callable[..., Any]) -> Callable[..., Any]:
    """CloudFormation splits the value of a CommaDelimitedList, and also its default; moto only the value."""

    def load(self: Any) -> None:
        original(self)
        for name, parameter in self._template.get("Parameters", {}).items():
            value = self.resolved_parameters[name]
            if parameter["Type"] == "CommaDelimitedList":
                parts = value.split(",") if isinstance(value, str) else value
                self.resolved_parameters[name] = self._parsed_resources[name] = [part.strip() for part in parts]

    return load


def _leave_out_no_value(original: Callable[..., Any]) -> Callable[..., Any]:
    """CloudFormation joins a list without what is AWS::NoValue; moto joins the word None."""

    def clean(value: Any, resources: Any) -> Any:
        if isinstance(value, dict) and "Fn::Join" in value:
            separator, given = value["Fn::Join"]
            return separator.join(str(part) for part in parsing.clean_json(given, resources) if part is not None)
        return original(value, resources)

    return clean


def _show_lists(original: property) -> property:
    """DescribeStacks has the text of a CommaDelimitedList; moto shows the list as Python does."""

    def show(stack: Any) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = original.__get__(stack)
        for one in described:
            if isinstance(one["ParameterValue"], list):
                one["ParameterValue"] = ",".join(one["ParameterValue"])
        return described

    return property(show)


def describe_resources(stack_id: str) -> list[dict[str, Any]]:
    """Return each resource whose condition holds, with its type, physical id and resolved properties."""
    region, account = stack_id.split(":")[3:5]
    stack = cloudformation_backends[account][region].get_stack(stack_id)
    resources, described = stack.resource_map, []
    for logical_id, given in copy.deepcopy(stack.template_dict["Resources"]).items():
        if "Condition" in given and not resources.lazy_condition_map[given["Condition"]]:
            continue
        made = resources[logical_id]
        properties = {} if given["Type"] in NOT_RESOLVED else given.get("Properties", {})
        described.append(
            {
                "logical_id": logical_id,
                "type": given["Type"],
                "physical_id": getattr(made, "physical_resource_id", None),
                "properties": _complete(parsing.clean_json(properties, resources)),
            }
        )
    return described


def _complete(value: Any) -> Any:
    """Correct resolved properties.

    CloudFormation leaves an entry of a list out whose value is AWS::NoValue; moto puts None there. What moto does not
    create has no id, and a text that refers to it keeps its `${Name}`: here the name stands for the id.
    """
    if isinstance(value, dict):
        return {name: _complete(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_complete(one) for one in value if one is not None]
    is_arn = isinstance(value, str) and value.startswith("arn:")
    return re.sub(r"\$\{(\w+)\}", r"\1", value) if is_arn else value
