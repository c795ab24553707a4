"""Test that each parameter of template.yaml is described, has a valid default and explains its constraint."""

import re
import tomllib
from typing import Any

import pytest

from local.invoke import deploy
from photodna_guard import settings
from tests.support.template import PARAMETERS, ROOT, TEMPLATE

CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
BOUNDS = {"MinValue", "MaxValue", "MinLength", "MaxLength"}
CONSTRAINTS = BOUNDS | {"AllowedValues", "AllowedPattern"}
every_parameter = pytest.mark.parametrize("name", PARAMETERS)
every_environment = pytest.mark.parametrize("environment", deploy.read_environments())


def refusal(name: str, value: str) -> str:
    """Return why CloudFormation would refuse the value, or an empty string if it accepts the value."""
    parameter = PARAMETERS[name]
    listed = parameter["Type"] == "CommaDelimitedList"
    return next(filter(None, (_refusal(parameter, one) for one in (value.split(",") if listed else [value]))), "")


def _refusal(parameter: dict[str, Any], value: str) -> str:
    if parameter["Type"] == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "not a number"
    if "AllowedValues" in parameter and value not in map(str, parameter["AllowedValues"]):
        return "not allowed"
    if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
        return "does not match the pattern"
    if parameter["Type"] == "Number":
        low = float(value) < parameter.get("MinValue", float("-inf"))
        return "out of bounds" if low or float(value) > parameter.get("MaxValue", float("inf")) else ""
    return (
        ""
        if parameter.get("MinLength", 0) <= len(value) <= parameter.get("MaxLength", 4096)
        else "length out of bounds"
    )


@every_parameter
def test_parameter_and_its_constraint_have_a_description(name: str) -> None:
    parameter = PARAMETERS[name]
    assert len(parameter["Description"]) > 20
    assert parameter["Description"].endswith(".")
    assert len(parameter.get("ConstraintDescription", "")) > 5, "CloudFormation would show the pattern or bound alone"


@every_parameter
def test_parameter_is_constrained_and_a_number_has_both_bounds(name: str) -> None:
    parameter = PARAMETERS[name]
    assert CONSTRAINTS & parameter.keys()
    if parameter["Type"] == "Number" and "AllowedValues" not in parameter:
        assert {"MinValue", "MaxValue"} <= parameter.keys()


@every_parameter
def test_default_is_allowed(name: str) -> None:
    assert refusal(name, str(PARAMETERS[name]["Default"])) == ""


@every_parameter
def test_parameter_refuses_a_value_of_another_kind(name: str) -> None:
    assert refusal(name, "\n no such value \n")


@every_parameter
def test_parameter_is_in_exactly_one_group(name: str) -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert [name for group in groups for name in group["Parameters"]].count(name) == 1


def test_settings_take_every_bound_of_the_template() -> None:
    """CloudFormation must not accept a value with which no function starts."""
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    given = {
        variable: value["Ref"] for variable, value in variables.items() if isinstance(value, dict) and "Ref" in value
    }
    defaults = {
        v: str(PARAMETERS[p]["Default"]) if p in PARAMETERS else "https://a.example/b" for v, p in given.items()
    }
    settings.from_environment(defaults)
    for variable, parameter in given.items():
        for bound in ("MinValue", "MaxValue"):
            if bound in PARAMETERS.get(parameter, {}):
                settings.from_environment(defaults | {variable: str(PARAMETERS[parameter][bound])})


@every_environment
def test_samconfig_overrides_are_valid_parameters(environment: str) -> None:
    given = deploy.read_overrides(deploy.read_environments()[environment])
    assert {name: value for name, value in given.items() if name not in PARAMETERS} == {}
    assert {name: refusal(name, value) for name, value in given.items() if refusal(name, value)} == {}


def test_samconfig_has_exactly_the_documented_environments() -> None:
    assert set(CONFIG) - {"version"} == {"default", "local", "staging", "prod"}
    assert set(deploy.read_environments()) == {"default", "staging", "prod"}


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_environment_is_a_separate_stack_that_confirms_changes(environment: str) -> None:
    stacks = [CONFIG[name]["global"]["parameters"]["stack_name"] for name in deploy.read_environments()]
    assert len(set(stacks)) == len(stacks)
    given = deploy.read_environments()[environment]
    assert given["confirm_changeset"]
    assert f"environment={environment}" in given["tags"]
    assert given["capabilities"] == "CAPABILITY_IAM"


@every_environment
def test_no_environment_locks_in_compliance_mode(environment: str) -> None:
    """A wrong COMPLIANCE lock cannot be undone. The operator must choose it explicitly."""
    assert (
        deploy.read_overrides(deploy.read_environments()[environment]).get("RetentionMode", "GOVERNANCE")
        == "GOVERNANCE"
    )
    assert PARAMETERS["RetentionMode"]["Default"] == "GOVERNANCE"


@pytest.mark.parametrize("environment", ["default", "prod"])
def test_lock_outlives_the_year_that_begins_with_the_report(environment: str) -> None:
    """The lock counts from the copy, 18 U.S.C. 2258A(h)(1) from the report; a month is left for the report."""
    default = str(PARAMETERS["RetentionDays"]["Default"])
    days = deploy.read_overrides(deploy.read_environments()[environment]).get("RetentionDays", default)
    assert int(days) >= 366 + 30


def test_staging_observes_and_prod_enforces() -> None:
    staging, prod = (deploy.read_overrides(deploy.read_environments()[name]) for name in ("staging", "prod"))
    assert (staging["Mode"], prod["Mode"]) == ("observe", "enforce")
    assert int(staging["RetentionDays"]) < int(prod["RetentionDays"])
