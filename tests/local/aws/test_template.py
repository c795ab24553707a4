"""Reading a template before anything starts, and refusing what is not supported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.aws import template
from local.aws.event_sources import read_schedules
from local.aws.functions import AsyncConfig, read_async_configs
from local.aws.resources import Resource, UnsupportedResourceError
from local.aws.template import TemplateError

TOY = Path(__file__).parent / "toy/template.yaml"


def translate_template(path: Path, **parameters: str) -> template.Translated:
    return template.translate(template.load(path), path, parameters, "us-east-1")


def make_rule(**properties: Any) -> Resource:
    targets = [{"Arn": "arn:aws:lambda:us-east-1:1:function:nightly", "Id": "1"}]
    return Resource("Nightly", "AWS::Events::Rule", "nightly", {"Targets": targets, **properties})


def test_each_function_has_the_folder_of_its_code() -> None:
    code = translate_template(TOY).code

    assert set(code) == {"Probe", "Failing", "Witness", "Worker"}
    assert code["Probe"] == TOY.parent / "code"


@pytest.mark.parametrize(
    ("properties", "named"),
    [("CodeUri: nowhere/", "nowhere/"), ("CodeUri: ., Runtime: python3.13", "Handler")],
    ids=["missing code", "error of SAM"],
)
def test_template_error_names_resource_and_property(tmp_path: Path, properties: str, named: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(f"Resources:\n  Odd: {{Type: AWS::Serverless::Function, Properties: {{{properties}}}}}\n")

    with pytest.raises(TemplateError) as caught:
        translate_template(path)

    assert "Odd" in str(caught.value)
    assert named in str(caught.value)


def test_unknown_parameter_is_named() -> None:
    with pytest.raises(TemplateError, match="no parameter Colour"):
        translate_template(TOY, Colour="red")


def test_rate_becomes_a_schedule() -> None:
    (schedule,) = read_schedules([make_rule(ScheduleExpression="rate(5 minutes)")], "us-east-1", "1")

    assert (schedule.function, schedule.seconds) == ("nightly", 300.0)


def test_disabled_rule_is_no_schedule() -> None:
    assert read_schedules([make_rule(ScheduleExpression="rate(1 day)", State="DISABLED")], "us-east-1", "1") == []


def test_cron_expression_is_refused() -> None:
    with pytest.raises(UnsupportedResourceError, match=r"Nightly: .*cron"):
        read_schedules([make_rule(ScheduleExpression="cron(0 3 * * ? *)")], "us-east-1", "1")


def test_async_configuration_is_read() -> None:
    properties = {
        "FunctionName": "arn:aws:lambda:us-east-1:1:function:f:live",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:q"}},
    }

    configs = read_async_configs([Resource("C", "AWS::Lambda::EventInvokeConfig", None, properties)])

    assert configs == {"f": AsyncConfig(retries=1, maximum_age=60, on_failure="arn:aws:sqs:us-east-1:1:q")}


def test_destination_other_than_a_queue_is_refused() -> None:
    properties = {
        "FunctionName": "f",
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sns:us-east-1:1:topic"}},
    }

    with pytest.raises(UnsupportedResourceError, match=r"C: .*SQS"):
        read_async_configs([Resource("C", "AWS::Lambda::EventInvokeConfig", None, properties)])
