"""What a deployed stack says of itself: outputs and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

DEFAULT_RATE = 10.0  # requests a second: the default of the template's RatePerSecond


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack's name, and its outputs and parameters by their names in template.yaml."""

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str) -> str:
        """One output. Raises CannotProceedError where the stack has none of that name."""
        if name not in self.outputs:
            raise CannotProceedError(
                f"The stack {self.name} has no output {name}: it is another application's, or was deployed before "
                f"there was a backfill lane. Deploy it anew, or give --queue-url and --bucket"
            )
        return self.outputs[name]

    @property
    def rate(self) -> float:
        """Requests a second that the whole stack may make."""
        return float(self.parameters.get("RatePerSecond", DEFAULT_RATE))


def describe_stack(client: "CloudFormationClient", name: str) -> Stack:
    """The stack of that name. Raises CannotProceedError where there is none, and botocore's errors."""
    try:
        known = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        place = client.meta.region_name
        raise CannotProceedError(
            f"There is no stack {name} in {place}. Check --stack, AWS_REGION and AWS_PROFILE"
        ) from None
    return Stack(
        name,
        {output["OutputKey"]: output["OutputValue"] for output in known.get("Outputs", [])},
        {given["ParameterKey"]: given["ParameterValue"] for given in known.get("Parameters", [])},
    )
