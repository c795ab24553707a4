"""Reads the outputs and parameters of a deployed stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# The default of the template's RatePerSecond.
DEFAULT_RATE = 10.0  # requests a second


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its name, and its outputs and parameters by their names in template.yaml."""

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str) -> str:
        """Return one output. Raises CannotProceedError if the stack has none of that name."""
        if name not in self.outputs:
            raise CannotProceedError(
                f"The stack {self.name} has no output {name}: it is another application's, or was deployed before "
                f"there was a backfill queue. Deploy it again, or give --queue-url and --bucket"
            )
        return self.outputs[name]

    @property
    def rate(self) -> float:
        """The requests a second that the whole stack may send."""
        return float(self.parameters.get("RatePerSecond", DEFAULT_RATE))


def describe_stack(client: "CloudFormationClient", name: str) -> Stack:
    """Read the stack of that name. Raises CannotProceedError if there is none, and botocore's errors."""
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
