"""The stack as it was deployed: its resources, its parameters with their defaults, and its template."""

import functools
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.doctor.resolution import Resolver
from ops.guardctl.target import Target


class NotInEmbeddedCloudError(Exception):
    """The embedded cloud does not have what a check needs; the message says what."""


class Deployment:
    """What the checks look at. Methods raise botocore's errors, CannotProceedError and NotInEmbeddedCloudError."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._client = functools.cache(target.client)

    def client(self, service: str) -> Any:
        """Return the client of a service, with the operator role's rights."""
        return self._client(service)

    @functools.cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """The type and the physical id of each resource, by its logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        found: dict[str, tuple[str, str]] = {}
        for page in pages.paginate(StackName=self.target.stack.name):
            for one in page["StackResourceSummaries"]:
                if one.get("ResourceType") and one.get("PhysicalResourceId"):
                    found[one["LogicalResourceId"]] = one["ResourceType"], one["PhysicalResourceId"]
        return found

    @functools.cached_property
    def template(self) -> dict[str, Any]:
        """The template that was deployed, without SAM's own types."""
        answer = self.client("cloudformation").get_template(StackName=self.target.stack.name, TemplateStage="Processed")
        return dict(answer["TemplateBody"])

    @functools.cached_property
    def resolver(self) -> Resolver:
        """What resolves a value of the template as CloudFormation did."""
        _, partition, _, _, account, *_ = self.target.stack.output("OperatorRoleArn").split(":")
        region = self.client("cloudformation").meta.region_name
        pseudo = {
            "AWS::Partition": partition,
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::StackName": self.target.stack.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        }
        return Resolver(self.template, self.target.stack.parameters, self.resources, pseudo)

    def resource(self, logical_id: str) -> str:
        """Return a resource's physical id."""
        if logical_id in self.resources:
            return self.resources[logical_id][1]
        if self.target.is_embedded:
            raise NotInEmbeddedCloudError(f"it makes no {logical_id}")
        raise CannotProceedError(f"the stack has no resource {logical_id}")

    def of_type(self, kind: str) -> dict[str, str]:
        """Return the physical ids of a type's resources by their logical ids."""
        found = {name: physical for name, (known, physical) in self.resources.items() if known == kind}
        if not found and self.target.is_embedded:
            raise NotInEmbeddedCloudError(f"it makes no {kind}")
        return found

    def parameter(self, name: str) -> str:
        """Return a parameter as the stack was deployed with it."""
        default = str(self.template["Parameters"][name].get("Default", ""))
        return self.target.stack.parameters.get(name, default)
