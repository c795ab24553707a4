"""What is read from a template before anything is started, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.aws import template
from local.aws.functions import AsyncConfig, Resource, UnsupportedResource, async_configs, schedules
from local.aws.template import TemplateFault

TOY = Path(__file__).parent / "toy/template.yaml"


def translated(path: Path, **parameters: str) -> template.Translated:
    return template.translate(template.load(path), path, parameters, "us-east-1")


def rule(**properties: Any) -> Resource:
    targets = [{"Arn": "arn:aws:lambda:us-east-1:1:function:nightly", "Id": "1"}]
    return Resource("Nightly", "AWS::Events::Rule", "nightly", {"Targets": targets, **properties})


def test_each_function_has_the_folder_of_its_code() -> None:
    code = translated(TOY).code

    assert set(code) == {"Probe", "Failing", "Witness", "Worker"}
    assert code["Probe"] == TOY.parent / "code"


@pytest.mark.parametrize(
    ("properties", "named"),
    [("CodeUri: nowhere/", "nowhere/"), ("CodeUri: ., Runtime: python3.13", "Handler")],
    ids=["code that is not there", "a fault that SAM finds"],
)
def test_a_fault_names_the_resource_and_the_property(tmp_path: Path, properties: str, named: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(f"Resources:\n  Odd: {{Type: AWS::Serverless::Function, Properties: {{{properties}}}}}\n")

    with pytest.raises(TemplateFault) as caught:
        translated(path)

    assert "Odd" in str(caught.value)
    assert named in str(caught.value)


def test_a_parameter_that_the_template_lacks_is_named() -> None:
    with pytest.raises(TemplateFault, match="no parameter Colour"):
        translated(TOY, Colour="red")


def test_a_rate_becomes_a_schedule() -> None:
    (schedule,) = schedules([rule(ScheduleExpression="rate(5 minutes)")], "us-east-1", "1")

    assert (schedule.function, schedule.seconds) == ("nightly", 300.0)


def test_a_disabled_rule_is_no_schedule() -> None:
    assert schedules([rule(ScheduleExpression="rate(1 day)", State="DISABLED")], "us-east-1", "1") == []


def test_a_cron_expression_is_refused() -> None:
    with pytest.raises(UnsupportedResource, match=r"Nightly: .*cron"):
        schedules([rule(ScheduleExpression="cron(0 3 * * ? *)")], "us-east-1", "1")


def test_the_asynchronous_configuration_is_read() -> None:
    properties = {
        "FunctionName": "arn:aws:lambda:us-east-1:1:function:f:live",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:q"}},
    }

    configs = async_configs([Resource("C", "AWS::Lambda::EventInvokeConfig", None, properties)])

    assert configs == {"f": AsyncConfig(retries=1, maximum_age=60, on_failure="arn:aws:sqs:us-east-1:1:q")}


def test_a_destination_that_is_no_queue_is_refused() -> None:
    properties = {
        "FunctionName": "f",
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sns:us-east-1:1:topic"}},
    }

    with pytest.raises(UnsupportedResource, match=r"C: .*SQS"):
        async_configs([Resource("C", "AWS::Lambda::EventInvokeConfig", None, properties)])
