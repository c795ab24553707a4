"""Lambda: asynchronous invocations, AWS::Lambda::Alias, and the number of an AWS::Lambda::Version."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaVersion
from moto.core.common_models import CloudFormationModel

from local.aws.moto.events import SendToFunction
from local.aws.moto.replacement import replace


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


def apply(send_to_function: SendToFunction) -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    LambdaVersion.get_cfn_attribute = _get_version_attribute  # type: ignore[attr-defined]
    replace(LambdaBackend, "invoke", lambda _: _make_invoke(send_to_function))


def _get_version_attribute(self: LambdaVersion, name: str) -> str:
    """Return the version's number, the one attribute that CloudFormation has of it; moto has none."""
    if name != "Version":
        raise NotImplementedError(f"'Fn::GetAtt' : [ {{0}} , {name} ]")
    return str(self.version)


def _make_invoke(send_to_function: SendToFunction) -> Callable[..., bytes]:
    """Lambda takes an event at once, and runs the function later; moto would run it in a container of its own."""

    def invoke(_: LambdaBackend, function: str, qualifier: str | None, body: bytes, headers: Any, __: Any) -> bytes:
        if headers.get("X-Amz-Invocation-Type") != "Event":
            raise NotImplementedError("the embedded AWS takes invocations of the type Event only")
        send_to_function({"function": function, "event": json.loads(body or b"{}"), "qualifier": qualifier})
        return b""

    return invoke
