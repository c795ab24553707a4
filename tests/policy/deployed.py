"""template.yaml as CloudFormation would resolve it, and the stack's policies, without any cloud. For tests."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.aws import template
from local.policy import stack_policies
from local.policy.stack_policies import StackPolicies

SAM = template.load(Path(__file__).resolve().parents[2] / "template.yaml")
ACCOUNT, REGION = "123456789012", "us-east-1"
UPLOADS, QUARANTINE = "UploadBucket-id", "QuarantineBucket-id"
_PSEUDO = {
    "Partition": "aws",
    "AccountId": ACCOUNT,
    "Region": REGION,
    "URLSuffix": "amazonaws.com",
    "StackName": "guard",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
}
_NO_VALUE = object()


class Deployed:
    """The template with these parameters beside its defaults."""

    def __init__(self, **parameters: Any) -> None:
        defaults = {name: p["Default"] for name, p in SAM["Parameters"].items()}
        self._parameters = defaults | parameters

    def policies(self) -> StackPolicies:
        return stack_policies.read(self.resources(), ACCOUNT, REGION)

    def resources(self) -> list[dict[str, Any]]:
        wanted = {
            name: r
            for name, r in SAM["Resources"].items()
            if not r["Type"].startswith("AWS::Serverless")
            and ("Condition" not in r or self._holds({"Condition": r["Condition"]}))
        }
        return [
            {
                "logical_id": name,
                "type": r["Type"],
                "physical_id": f"{name}-id",
                "properties": self.resolved(r.get("Properties", {})),
            }
            for name, r in wanted.items()
        ]

    def output(self, name: str) -> Any:
        return self.resolved(SAM["Outputs"][name]["Value"])

    def statements(self, resource: str) -> list[dict[str, Any]]:
        """The statements of a resource's policy document."""
        found: list[dict[str, Any]] = self.resolved(SAM["Resources"][resource]["Properties"]["PolicyDocument"])[
            "Statement"
        ]
        return found

    def resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [r for v in value if (r := self.resolved(v)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        ((name, given), *more) = value.items() or [("", None)]
        if not more and (name == "Ref" or name.startswith("Fn::")):
            return self._function(name, given)
        return {k: r for k, v in value.items() if (r := self.resolved(v)) is not _NO_VALUE}

    def _function(self, name: str, given: Any) -> Any:
        if name == "Ref":
            return self._reference(given)
        if name == "Fn::GetAtt":
            resource, attribute = given if isinstance(given, list) else given.split(".")
            kind = SAM["Resources"][resource]["Type"]
            return _ARNS[kind].format(f"{resource}-id") if attribute == "Arn" else f"{resource}-{attribute}"
        if name == "Fn::Sub":
            return self._substituted(*(given if isinstance(given, list) else [given]))
        if name == "Fn::Join":
            return given[0].join(self.resolved(given[1]))
        if name == "Fn::If":
            return self.resolved(given[1 if self._holds(SAM["Conditions"][given[0]]) else 2])
        raise NotImplementedError(name)

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            is_list = SAM["Parameters"][name]["Type"] == "CommaDelimitedList"
            return str(self._parameters[name]).split(",") if is_list else self._parameters[name]
        return _PSEUDO.get(name.removeprefix("AWS::"), f"{name}-id")

    def _substituted(self, text: str, more: Mapping[str, Any] | None = None) -> str:
        names = {name: self.resolved(value) for name, value in (more or {}).items()}

        def one(found: re.Match[str]) -> str:
            name = found[1]
            if name in names:
                return str(names[name])
            return str(self._function("Fn::GetAtt", name) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^}]+)\}", one, text)

    def _holds(self, condition: Any) -> bool:
        ((name, given),) = condition.items()
        if name == "Fn::Equals":
            left, right = self.resolved(given)
            return bool(left == right)
        if name == "Fn::Not":
            return not self._holds(given[0])
        if name in ("Fn::And", "Fn::Or"):
            return (all if name == "Fn::And" else any)(self._holds(one) for one in given)
        return self._holds(SAM["Conditions"][given])


def gate_statements(deployed: Deployed, bucket: str) -> list[dict[str, Any]]:
    """What an operator pastes into the policy of a bucket of his own."""
    found: list[dict[str, Any]] = json.loads(deployed.output("ReadGateStatements").replace("BUCKET", bucket))
    return found
