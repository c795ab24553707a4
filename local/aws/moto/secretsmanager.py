"""AWS::SecretsManager::Secret, which CloudFormation creates and moto's CloudFormation does not know."""

from __future__ import annotations

import json
import secrets
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends


class Secret(CloudFormationModel):
    """The secret as a resource of a stack. Its physical id is its ARN."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property with the resource's name."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type of the resource."""
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Return whether Fn::GetAtt knows the attribute."""
        return attr == "Id"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return an attribute for Fn::GetAtt. Raises NotImplementedError for another than Id."""
        if attribute_name != "Id":
            raise NotImplementedError(f"'Fn::GetAtt' : [ {{0}} , {attribute_name} ]")
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Secret:
        """Create the secret with the given value, or a random one."""
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
        """Return True: there is nothing to wait for."""
        return True
