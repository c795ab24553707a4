"""AWS::Lambda::Alias, which moto's CloudFormation does not know, and the number of an AWS::Lambda::Version."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaVersion
from moto.core.common_models import CloudFormationModel


class Alias(CloudFormationModel):
    """The alias as a resource of a stack. Its physical id is the function's ARN with the alias as qualifier."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return no property: two functions may have aliases of the same name."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type of the resource."""
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003 - moto gives it
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Alias:
        """Create the alias, which exists in its ARN only."""
        given = cloudformation_json["Properties"]
        return cls(f"arn:aws:lambda:{region_name}:{account_id}:function:{given['FunctionName']}:{given['Name']}")

    def is_created(self) -> bool:
        """Return True: there is nothing to wait for."""
        return True


def apply() -> None:
    """CloudFormation has one attribute of an AWS::Lambda::Version, its number; moto has none."""

    def get_attribute(self: LambdaVersion, name: str) -> str:
        if name != "Version":
            raise NotImplementedError(f"'Fn::GetAtt' : [ {{0}} , {name} ]")
        return str(self.version)

    LambdaVersion.get_cfn_attribute = get_attribute  # type: ignore[attr-defined]
