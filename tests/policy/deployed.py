"""Resolves template.yaml as CloudFormation does, and parses its policies, without an embedded cloud."""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.aws.policy import stack_policies
from local.aws.policy.stack_policies import StackPolicies
from tests.support.template import TEMPLATE

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
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{}}",
    "AWS::Serverless::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{}}",
}
# Ref returns the ARN of these, and the name or id of others.
_REFERRED_BY_ARN = ("AWS::SNS::Topic", "AWS::SecretsManager::Secret")
_NO_VALUE = object()


class Deployed:
    """The template with these parameters and the defaults of the others."""

    def __init__(self, **parameters: Any) -> None:
        defaults = {name: p["Default"] for name, p in TEMPLATE["Parameters"].items()}
        self._parameters = defaults | parameters

    def policies(self) -> StackPolicies:
        return stack_policies.parse_policies(self.resources(), ACCOUNT, REGION)

    def resources(self) -> list[dict[str, Any]]:
        wanted = {
            name: r
            for name, r in TEMPLATE["Resources"].items()
            if not r["Type"].startswith("AWS::Serverless")
            and ("Condition" not in r or self._condition_holds({"Condition": r["Condition"]}))
        }
        return [
            {
                "logical_id": name,
                "type": r["Type"],
                "physical_id": f"{name}-id",
                "properties": self.resolve(r.get("Properties", {})),
            }
            for name, r in wanted.items()
        ]

    def output(self, name: str) -> Any:
        return self.resolve(TEMPLATE["Outputs"][name]["Value"])

    def statements(self, resource: str) -> list[dict[str, Any]]:
        """Return the statements of a resource's policy document."""
        found: list[dict[str, Any]] = self.resolve(TEMPLATE["Resources"][resource]["Properties"]["PolicyDocument"])[
            "Statement"
        ]
        return found

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [r for v in value if (r := self.resolve(v)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        ((name, given), *more) = value.items() or [("", None)]
        if not more and (name == "Ref" or name.startswith("Fn::")):
            return self._call_function(name, given)
        return {k: r for k, v in value.items() if (r := self.resolve(v)) is not _NO_VALUE}

    def _call_function(self, name: str, given: Any) -> Any:
        if name == "Ref":
            return self._resolve_reference(given)
        if name == "Fn::GetAtt":
            resource, attribute = given if isinstance(given, list) else given.split(".")
            # SAM makes the rules of schedules, and names them after their functions and events.
            kind = TEMPLATE["Resources"].get(resource, {"Type": "AWS::Events::Rule"})["Type"]
            return _ARNS[kind].format(f"{resource}-id") if attribute == "Arn" else f"{resource}-{attribute}"
        if name == "Fn::Sub":
            return self._substitute(*(given if isinstance(given, list) else [given]))
        if name == "Fn::Join":
            return given[0].join(self.resolve(given[1]))
        if name in ("Fn::Select", "Fn::Split"):
            return self._select_or_split(name, *given)
        if name == "Fn::If":
            return self.resolve(given[1 if self._condition_holds(TEMPLATE["Conditions"][given[0]]) else 2])
        raise NotImplementedError(name)

    def _select_or_split(self, name: str, first: Any, second: Any) -> Any:
        resolved = self.resolve(second)
        return resolved[int(first)] if name == "Fn::Select" else resolved.split(first)

    def _resolve_reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            is_list = TEMPLATE["Parameters"][name]["Type"] == "CommaDelimitedList"
            return str(self._parameters[name]).split(",") if is_list else self._parameters[name]
        if name.endswith(".Alias"):
            # SAM makes the alias, and a reference to it is its ARN.
            return f"{_ARNS['AWS::Serverless::Function'].format(name.removesuffix('.Alias') + '-id')}:live"
        kind = TEMPLATE["Resources"].get(name, {}).get("Type")
        if kind in _REFERRED_BY_ARN:
            return _ARNS[kind].format(f"{name}-id")
        return _PSEUDO.get(name.removeprefix("AWS::"), f"{name}-id")

    def _substitute(self, text: str, more: Mapping[str, Any] | None = None) -> str:
        names = {name: self.resolve(value) for name, value in (more or {}).items()}

        def one(found: re.Match[str]) -> str:
            name = found[1]
            if name in names:
                return str(names[name])
            return str(self._call_function("Fn::GetAtt", name) if "." in name else self._resolve_reference(name))

        return re.sub(r"\$\{([^}]+)\}", one, text)

    def _condition_holds(self, condition: Any) -> bool:
        ((name, given),) = condition.items()
        if name == "Fn::Equals":
            left, right = self.resolve(given)
            return bool(left == right)
        if name == "Fn::Not":
            return not self._condition_holds(given[0])
        if name in ("Fn::And", "Fn::Or"):
            return (all if name == "Fn::And" else any)(self._condition_holds(one) for one in given)
        return self._condition_holds(TEMPLATE["Conditions"][given])


def gate_statements(deployed: Deployed, bucket: str) -> list[dict[str, Any]]:
    """Return the read gate's statements for the policy of another bucket."""
    return _read_statements(deployed, "ReadGateStatements", bucket)


def match_statements(deployed: Deployed, bucket: str) -> list[dict[str, Any]]:
    """Return the statements about matches for the policy of another bucket."""
    return _read_statements(deployed, "MatchStatements", bucket)


def _read_statements(deployed: Deployed, output: str, bucket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(deployed.output(output).replace("BUCKET", bucket))
    return found
