"""Resolves values of a deployed template as CloudFormation did. What it does not know matches anything. Pure."""

import re
from collections.abc import Mapping
from typing import Any


class _Anything:
    """Stands for a value that only CloudFormation knows."""

    def __repr__(self) -> str:
        return "(not known)"


ANYTHING = _Anything()
_NO_VALUE = object()
_ARNS = {"AWS::S3::Bucket": "arn:{}:s3:::{}", "AWS::IAM::Role": "arn:{}:iam::{}:role/{}"}
_REFERENCE = re.compile(r"\$\{([^}!]+)\}")


class Resolver:
    """A template with its parameters, its resources (type and physical id by logical id) and pseudo parameters."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        resources: Mapping[str, tuple[str, str]],
        pseudo: Mapping[str, str],
    ) -> None:
        self._template, self._resources, self._pseudo = template, resources, pseudo
        declared = template.get("Parameters", {})
        self._parameters = {name: str(p.get("Default", "")) for name, p in declared.items()} | dict(parameters)

    def resolve(self, value: Any) -> Any:
        """Return the value with its functions resolved; ANYTHING where that is not possible."""
        if isinstance(value, list):
            return [one for each in value if (one := self.resolve(each)) is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, given),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, given)
        return {key: one for key, each in value.items() if (one := self.resolve(each)) is not _NO_VALUE}

    def _call(self, name: str, given: Any) -> Any:
        match name:
            case "Ref":
                return self._refer(given)
            case "Fn::GetAtt":
                return self._get_attribute(*(given.split(".", 1) if isinstance(given, str) else given))
            case "Fn::If":
                return self.resolve(given[1 if self._holds(self._template["Conditions"][given[0]]) else 2])
            case "Fn::Sub" if isinstance(given, str):
                return self._substitute(given)
            case "Fn::Join":
                parts = self.resolve(given[1])
                return ANYTHING if not isinstance(parts, list) or ANYTHING in parts else given[0].join(parts)
            case _:
                return ANYTHING

    def _refer(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            kind = self._template["Parameters"][name]["Type"]
            return self._parameters[name].split(",") if kind == "CommaDelimitedList" else self._parameters[name]
        return self._pseudo.get(name) or (self._resources[name][1] if name in self._resources else ANYTHING)

    def _get_attribute(self, resource: str, attribute: str) -> Any:
        kind, physical = self._resources.get(resource, ("", ""))
        if attribute != "Arn" or kind not in _ARNS:
            return ANYTHING
        account = (self._pseudo["AWS::AccountId"],) if kind == "AWS::IAM::Role" else ()
        return _ARNS[kind].format(self._pseudo["AWS::Partition"], *account, physical)

    def _substitute(self, text: str) -> Any:
        names = _REFERENCE.findall(text)
        values = {
            name: self._get_attribute(*name.split(".", 1)) if "." in name else self._refer(name) for name in names
        }
        if not all(isinstance(value, str) for value in values.values()):
            return ANYTHING
        return _REFERENCE.sub(lambda found: values[found[1]], text)

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        ((name, given),) = condition.items()
        match name:
            case "Fn::Equals":
                left, right = self.resolve(given)
                return bool(left == right)
            case "Fn::Not":
                return not self._holds(given[0])
            case "Fn::And":
                return all(map(self._holds, given))
            case "Fn::Or":
                return any(map(self._holds, given))
            case _:
                return self._holds(self._template["Conditions"][given])
