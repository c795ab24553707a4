"""Every policy document of the stack with all its optional parts and the longest parameters, by kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.policy.deployed import ACCOUNT, Deployed
from tests.support.template import PARAMETERS

# An IAM path has 512 characters and a name 64 at most.
LONGEST_ROLE = f"arn:aws-us-gov:iam::{ACCOUNT}:role/{'p' * 510}/{'r' * 64}"
LONGEST = {
    "BreakGlassPrincipalArn": LONGEST_ROLE.ljust(4096, "*")[: PARAMETERS["BreakGlassPrincipalArn"]["MaxLength"]],
    "SecondScannerRoleArn": LONGEST_ROLE,
    # CloudFormation takes 4,096 bytes for a parameter.
    "UploadKeyArns": ",".join(
        f"arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:key/mrk-{number:032x}" for number in range(44)
    ),
    "ReadableStatuses": "clean,skipped,allowed,released,document,video,audio,archive,unscannable",
    "LegalHold": "on",
    "AlarmEmail": "a@b.c",
}
# The documents' properties, by the type of their resource.
_PROPERTIES = {
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
}


@dataclass(frozen=True)
class Document:
    """One policy: its resource, the resource's type and its other properties."""

    resource: str
    kind: str
    properties: Any

    @property
    def body(self) -> Any:
        """The policy itself."""
        return self.properties[_PROPERTIES[self.kind]]

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The policy's statements."""
        return list(self.body["Statement"])


def read_documents(**parameters: str) -> list[Document]:
    """Return every policy document of the stack with these parameters."""
    return list(_iter_documents(Deployed(**parameters)))


def _iter_documents(deployed: Deployed) -> Iterator[Document]:
    for resource in deployed.resources():
        if resource["type"] in _PROPERTIES:
            yield Document(resource["logical_id"], resource["type"], resource["properties"])


def as_list(given: Any) -> list[Any]:
    """Return one value or several as a list."""
    return given if isinstance(given, list) else [given]
