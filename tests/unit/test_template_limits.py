"""Test template.yaml against what Lambda, EventBridge and CloudFormation refuse only when they are called.

AWS Lambda API Reference, "CreateFunction", "CreateEventSourceMapping" and "PutFunctionEventInvokeConfig"; AWS Lambda
Developer Guide, "Lambda quotas"; Amazon EventBridge API Reference, "PutRule", "PutTargets" and "RetryPolicy"; AWS
CloudFormation User Guide, "Understand CloudFormation quotas".
"""

import json
import re
from typing import Any

import pytest

from tests.support.template import FUNCTIONS, PARAMETERS, RESOURCES, TEMPLATE, translate_template

CLOUDFORMATION = translate_template()
SHARED = TEMPLATE["Globals"]["Function"]
RULES = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::Events::Rule"}
every_function = pytest.mark.parametrize("name", FUNCTIONS)
every_rule = pytest.mark.parametrize("name", RULES)
# A name, an ARN or a URL of the stack's own resources is no longer.
LONGEST_REFERENCE = 200
LOG_RETENTION_DAYS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288}


def bounds(value: Any) -> tuple[float, float]:
    """Return the smallest and the largest number that a property of the template can have."""
    if isinstance(value, dict):
        return PARAMETERS[value["Ref"]]["MinValue"], PARAMETERS[value["Ref"]]["MaxValue"]
    return value, value


def longest(value: Any) -> int:
    """Return the length of the longest text that the value of an environment variable can have."""
    if not isinstance(value, dict):
        return len(str(value))
    parameter = PARAMETERS.get(value.get("Ref", ""), {})
    texts = [str(parameter[bound]) for bound in ("MinValue", "MaxValue", "Default") if bound in parameter]
    texts += map(str, parameter.get("AllowedValues", []))
    return max([parameter.get("MaxLength", 0), *map(len, texts)]) if parameter else LONGEST_REFERENCE


def properties(name: str) -> dict[str, Any]:
    return {**SHARED, **FUNCTIONS[name]}


@every_function
def test_function_keeps_the_limits_of_lambda(name: str) -> None:
    given = properties(name)
    low, high = bounds(given["MemorySize"])
    assert 128 <= low <= high <= 10_240
    assert 1 <= given["Timeout"] <= 900
    assert len(given["Description"]) <= 256
    assert len(given["Handler"]) <= 128
    assert given["Architectures"] == [{"Ref": "Architecture"}]


@every_function
def test_environment_of_the_longest_values_fits_into_4_kb(name: str) -> None:
    variables = {
        **SHARED["Environment"]["Variables"],
        **FUNCTIONS[name].get("Environment", {}).get("Variables", {}),
    }
    assert sum(len(key) + longest(value) for key, value in variables.items()) <= 4096
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+", key) for key in variables)


def test_event_sources_keep_the_limits_of_lambda() -> None:
    sources = [e["Properties"] for f in FUNCTIONS.values() for e in f["Events"].values() if e["Type"] == "SQS"]
    assert sources
    for source in sources:
        low, high = bounds(source["ScalingConfig"]["MaximumConcurrency"])
        assert 2 <= low <= high <= 1000
        assert 1 <= source["BatchSize"] <= 10_000
        assert (1 if source["BatchSize"] > 10 else 0) <= source["MaximumBatchingWindowInSeconds"] <= 300


def test_asynchronous_configuration_keeps_the_limits_of_lambda() -> None:
    config = FUNCTIONS["OnUploadFunction"]["EventInvokeConfig"]
    assert 0 <= config["MaximumRetryAttempts"] <= 2
    assert 60 <= config["MaximumEventAgeInSeconds"] <= 21_600


def test_schedules_keep_the_limits_of_eventbridge() -> None:
    schedules = [e["Properties"] for f in FUNCTIONS.values() for e in f["Events"].values() if e["Type"] == "Schedule"]
    assert schedules
    for schedule in schedules:
        assert re.fullmatch(r"rate\((1 (minute|hour|day)|([2-9]|\d\d+) (minutes|hours|days))\)", schedule["Schedule"])
        assert 0 <= schedule["RetryPolicy"]["MaximumRetryAttempts"] <= 185
        assert 60 <= schedule["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 86_400


@every_rule
def test_rule_keeps_the_limits_of_eventbridge(name: str) -> None:
    assert len(json.dumps(RULES[name]["EventPattern"])) <= 2048
    assert len(RULES[name]["Description"]) <= 512
    assert 1 <= len(RULES[name]["Targets"]) <= 5
    assert all(re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", target["Id"]) for target in RULES[name]["Targets"])


@every_rule
def test_target_of_a_rule_has_a_dead_letter_queue(name: str) -> None:
    """Otherwise what EventBridge cannot deliver is lost."""
    assert all("DeadLetterConfig" in target for target in RULES[name]["Targets"])


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "InputTransformer" in rule["Targets"][0]])
def test_text_of_a_rule_is_one_that_eventbridge_takes(name: str) -> None:
    """EventBridge refuses a template that names a value which no path finds, and one that is no JSON."""
    for target in RULES[name]["Targets"]:
        paths, template = (target["InputTransformer"][part] for part in ("InputPathsMap", "InputTemplate"))
        text = template if isinstance(template, str) else template["Fn::Sub"]
        assert len(text) + LONGEST_REFERENCE * text.count("${") <= 8192
        assert set(re.findall(r"<([^>]+)>", text)) == set(paths)
        assert len(paths) <= 100
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", key) and not key.lower().startswith("aws") for key in paths)
        assert isinstance(json.loads(text), str)


def test_template_keeps_the_quotas_of_cloudformation() -> None:
    assert len(json.dumps(CLOUDFORMATION)) <= 1_000_000
    assert len(CLOUDFORMATION["Resources"]) <= 500
    assert len(CLOUDFORMATION["Parameters"]) <= 200
    assert len(CLOUDFORMATION["Outputs"]) <= 200
    assert len(CLOUDFORMATION["Description"].encode()) <= 1024
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", name) for name in CLOUDFORMATION["Resources"])
    assert all(len(parameter["Description"]) <= 4000 for parameter in PARAMETERS.values())
    assert all(len(output["Description"].encode()) <= 1024 for output in TEMPLATE["Outputs"].values())


def test_log_retention_is_one_that_cloudwatch_logs_takes() -> None:
    assert set(PARAMETERS["LogRetentionDays"]["AllowedValues"]) <= LOG_RETENTION_DAYS
