"""Where moto's CloudFormation is not AWS's: types it cannot make, its errors, what it does not tell.

Runs in moto's process.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, cloudformation_backends
from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends

from local.aws.moto_alias import Alias, complete_version
from local.aws.moto_differences import replace

# Types that moto does not make, or must not, each with what becomes of it here.
NOT_MADE = {
    "AWS::Lambda::EventSourceMapping": "the runner polls; moto would start containers",
    "AWS::Lambda::EventInvokeConfig": "the runner retries, and sends to the destination",
    "AWS::Lambda::Permission": "nothing here asks who may invoke a function",
    "AWS::S3::BucketPolicy": "local.policy enforces it; moto would, without its principals and conditions",
    "AWS::SQS::QueuePolicy": "local.policy enforces it",
    "AWS::SNS::TopicPolicy": "local.policy enforces it",
    "AWS::SNS::Subscription": "nobody is told anything",
    "AWS::CloudWatch::Alarm": "nothing here publishes metrics",
    "AWS::CloudWatch::Dashboard": "nothing here publishes metrics",
}


class Secret(CloudFormationModel):
    """AWS::SecretsManager::Secret, which moto's CloudFormation does not know."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name != "Id":
            raise NotImplementedError(f"'Fn::GetAtt' : [ {{0}} , {attribute_name} ]")
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Secret:
        given = cloudformation_json["Properties"]
        made = secretsmanager_backends[account_id][region_name].create_secret(
            name=resource_name,
            secret_string=given.get("SecretString", secrets.token_hex(16)),
            secret_binary=None,
            description=given.get("Description"),
            tags=given.get("Tags"),
            kms_key_id=given.get("KmsKeyId"),
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(made)["ARN"] if isinstance(made, str) else made["ARN"])

    def is_created(self) -> bool:
        return True


MADE_HERE = (Secret, Alias)  # moto finds a model by its class once that is there


def apply() -> None:
    """Replaces in moto what differs. Raises where moto no longer has it."""
    # YAML in pure Python takes a second for a template of this size; the templates here are JSON.
    replace(Stack, "parse_template", lambda _: staticmethod(json.loads))
    replace(parsing, "parse_and_create_resource", _create_or_say_why_not)
    replace(parsing.ResourceMap, "load_parameters", _split_lists)
    complete_version()


def _create_or_say_why_not(original: Callable[..., Any]) -> Callable[..., Any]:
    """CloudFormation says which resource failed, and knows all types."""

    def create(logical_id: str, resource_json: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        kind = resource_json["Type"]
        if kind in NOT_MADE:
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
    """CloudFormation makes a list of a CommaDelimitedList's default as well as of what is given for it."""

    def load(self: Any) -> None:
        original(self)
        for name, parameter in self._template.get("Parameters", {}).items():
            value = self.resolved_parameters[name]
            if parameter["Type"] == "CommaDelimitedList":
                parts = value.split(",") if isinstance(value, str) else value
                self.resolved_parameters[name] = self._parsed_resources[name] = [part.strip() for part in parts]

    return load


def resolved(stack_id: str) -> list[dict[str, Any]]:
    """Every resource of the stack whose condition holds, with its physical id and its properties resolved."""
    region, account = stack_id.split(":")[3:5]
    stack = cloudformation_backends[account][region].get_stack(stack_id)
    resources, described = stack.resource_map, []
    for logical_id, given in copy.deepcopy(stack.template_dict["Resources"]).items():
        if "Condition" in given and not resources.lazy_condition_map[given["Condition"]]:
            continue
        made = resources[logical_id]
        described.append(
            {
                "logical_id": logical_id,
                "type": given["Type"],
                "physical_id": getattr(made, "physical_resource_id", None),
                "properties": parsing.clean_json(given.get("Properties", {}), resources),
            }
        )
    return described
