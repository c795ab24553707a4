"""AWS::Lambda::Alias, which moto's CloudFormation does not know, and the version that it names. In moto's process."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaVersion
from moto.core.common_models import CloudFormationModel


class Alias(CloudFormationModel):
    """Its physical id is its ARN: the function's own, and the alias's name as the qualifier."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""  # two functions may have aliases of one name

    @staticmethod
    def cloudformation_type() -> str:
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
        given = cloudformation_json["Properties"]
        return cls(f"arn:aws:lambda:{region_name}:{account_id}:function:{given['FunctionName']}:{given['Name']}")

    def is_created(self) -> bool:
        return True


def complete_version() -> None:
    """Moto makes an AWS::Lambda::Version, and does not tell its one attribute."""

    def attribute(self: LambdaVersion, name: str) -> str:
        if name != "Version":
            raise NotImplementedError(f"'Fn::GetAtt' : [ {{0}} , {name} ]")
        return str(self.version)

    LambdaVersion.get_cfn_attribute = attribute  # type: ignore[attr-defined]
