"""Test the dashboard of template.yaml against CloudWatch's rules for its body, and against the metrics that exist.

Amazon CloudWatch API Reference, "Dashboard Body Structure and Syntax". CloudWatch takes a graph of a metric that does
not exist, and such a graph stays empty.
"""

import re
from typing import Any

import pytest

from tests.support.dashboard import BODY, REFERENCE, GraphMetric, expressions, graphs, load_dashboard, metrics
from tests.support.metrics import emitted_metrics
from tests.support.template import PARAMETERS, RESOURCES, TEMPLATE, translate_template

# AWS Lambda Developer Guide, "Types of metrics for Lambda functions"; Amazon SQS Developer Guide, "Available CloudWatch
# metrics for Amazon SQS". FunctionName stands for all versions.
METRICS_OF_AWS = {
    ("AWS/Lambda", "FunctionName"): {
        "AsyncEventAge", "ConcurrentExecutions", "Duration", "Errors", "Throttles",
    },
    ("AWS/SQS", "QueueName"): {
        "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesVisible",
    },
}  # fmt: skip
NAMES = {"FunctionName": "AWS::Serverless::Function", "QueueName": "AWS::SQS::Queue"}
GRAPH_FIELDS = {"title", "region", "view", "stat", "period", "stacked", "yAxis", "annotations", "metrics"}
METRIC_OPTIONS = {"id", "label", "stat", "visible", "yAxis"}
EXPRESSION_OPTIONS = {"expression", "label", "yAxis"}
# An account's first three dashboards are free, if each has at most 50 metrics (Amazon CloudWatch pricing).
FREE_METRICS = 50
COLUMNS = 24
WIDGETS: list[dict[str, Any]] = load_dashboard()["widgets"]
SHOWN: list[GraphMetric] = [metric for graph in graphs() for metric in metrics(graph)]


def test_body_has_only_widgets_that_cloudwatch_takes() -> None:
    body = load_dashboard()
    assert body.keys() == {"start", "periodOverride", "widgets"}
    assert body["periodOverride"] in ("auto", "inherit")
    assert 1 <= len(WIDGETS) <= 500
    for widget in WIDGETS:
        assert widget.keys() == {"type", "x", "y", "width", "height", "properties"}
        assert widget["type"] in ("metric", "alarm")
        assert 1 <= widget["width"] <= COLUMNS
        assert 0 <= widget["x"] <= COLUMNS - widget["width"]
        assert widget["y"] >= 0
        assert 1 <= widget["height"] <= 1000


def test_no_two_widgets_overlap_and_no_place_is_left_empty() -> None:
    places = [
        (column, row)
        for widget in WIDGETS
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(set(places)) == len(places)
    assert len(places) == COLUMNS * (max(row for _, row in places) + 1)


@pytest.mark.parametrize("graph", graphs(), ids=lambda graph: graph["title"])
def test_graph_has_the_fields_that_cloudwatch_takes(graph: dict[str, Any]) -> None:
    assert graph.keys() <= GRAPH_FIELDS
    assert {"title", "region", "metrics", "period"} <= graph.keys()
    assert graph["region"] == "<AWS::Region>"
    assert graph["view"] in ("timeSeries", "singleValue", "bar", "pie", "gauge", "table")
    assert graph["period"] % 60 == 0
    assert 1 <= len(graph["metrics"]) <= 500
    stats = [graph["stat"], *(metric.options.get("stat", "Sum") for metric in metrics(graph))]
    assert all(re.fullmatch(r"Sum|Maximum|Minimum|Average|SampleCount|p\d{1,2}", stat) for stat in stats)
    for line in graph.get("annotations", {}).get("horizontal", []):
        assert isinstance(line["value"], int | float)
        assert line.keys() <= {"label", "value", "yAxis"}
    assert graph.get("yAxis", {}).keys() <= {"left", "right"}


@pytest.mark.parametrize("graph", graphs(), ids=lambda graph: graph["title"])
def test_expression_names_only_metrics_of_its_graph(graph: dict[str, Any]) -> None:
    ids = [metric.options["id"] for metric in metrics(graph) if "id" in metric.options]
    assert all(re.fullmatch(r"[a-z][a-zA-Z0-9_]*", each) for each in ids)
    assert len(set(ids)) == len(ids)
    used = {name for each in expressions(graph) for name in re.findall(r"\b[a-z]\w*", each["expression"])}
    assert used == set(ids)
    assert all(each.keys() <= EXPRESSION_OPTIONS for each in expressions(graph))
    assert all(metric.options.keys() <= METRIC_OPTIONS for metric in metrics(graph))


@pytest.mark.parametrize("metric", SHOWN, ids=lambda metric: f"{metric.name} {metric.dimensions[1]}")
def test_shown_metric_exists(metric: GraphMetric) -> None:
    dimension, value = metric.dimensions
    if metric.namespace == "PhotoDNAGuard":
        assert (dimension, value) == ("service", "<AWS::StackName>")
        assert metric.name in emitted_metrics()
    else:
        assert metric.name in METRICS_OF_AWS[metric.namespace, dimension]
        assert RESOURCES[value.strip("<>").split(".")[0]]["Type"] == NAMES[dimension]
        assert value.endswith(".QueueName>") == (dimension == "QueueName")


def test_every_reference_of_the_body_resolves() -> None:
    for reference in REFERENCE.findall(BODY):
        name, _, attribute = reference.partition(".")
        assert name in {"AWS::Region", "AWS::StackName", *PARAMETERS, *RESOURCES}
        assert attribute in ("", "Arn", "QueueName")
    assert BODY.count("${") == len(REFERENCE.findall(BODY))


def test_rate_is_drawn_against_its_limit() -> None:
    assert '"value":${RatePerSecond}}' in BODY
    assert PARAMETERS["RatePerSecond"]["Type"] == "Number", "the body would be no JSON"


def test_dashboard_is_one_of_those_that_are_free() -> None:
    assert len({(metric.namespace, metric.name, metric.dimensions) for metric in SHOWN}) <= FREE_METRICS


def test_every_alarm_has_its_state_on_the_dashboard() -> None:
    (widget,) = (widget for widget in WIDGETS if widget["type"] == "alarm")
    alarms = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::CloudWatch::Alarm"]
    assert widget["properties"].keys() == {"title", "alarms"}
    assert sorted(widget["properties"]["alarms"]) == sorted(f"<{name}.Arn>" for name in alarms)
    assert len(alarms) <= 100


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
        ("aws-eusc", "console.amazonaws-eusc.eu"),
    ],
)
def test_link_leads_to_the_console_of_the_partition(partition: str, host: str) -> None:
    """AWS's reference guides of the partitions. A dashboard's name may stand in the link as it is."""
    url, chosen = TEMPLATE["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"]
    assert url.startswith(
        "https://${AWS::Region}.${Console}/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/"
    )
    console = chosen["Console"]
    while isinstance(console, dict):
        condition, then, otherwise = console["Fn::If"]
        reference, value = TEMPLATE["Conditions"][condition]["Fn::Equals"]
        assert reference == {"Ref": "AWS::Partition"}
        console = then if value == partition else otherwise
    assert console == host


def test_translated_template_keeps_the_dashboard() -> None:
    assert translate_template()["Resources"]["Dashboard"]["Type"] == "AWS::CloudWatch::Dashboard"
