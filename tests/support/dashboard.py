"""The dashboard of template.yaml: its body as CloudWatch gets it, and the metrics that its graphs name."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.template import RESOURCES

BODY: str = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
REFERENCE = re.compile(r"\$\{([\w:.]+)\}")


@dataclass(frozen=True)
class GraphMetric:
    """A metric of a graph, with the options of its entry."""

    namespace: str
    name: str
    dimensions: tuple[str, ...]
    options: dict[str, Any]


def load_dashboard() -> dict[str, Any]:
    """Return the body, with `<name>` for each reference, and 10 for the one that has to be a number."""
    text = BODY.replace("${RatePerSecond}", "10")
    body: dict[str, Any] = json.loads(REFERENCE.sub(r"<\1>", text))
    return body


def graphs() -> list[dict[str, Any]]:
    """Return the properties of each metric widget."""
    return [widget["properties"] for widget in load_dashboard()["widgets"] if widget["type"] == "metric"]


def expressions(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the options of each entry of a graph that is an expression."""
    return [entry[0] for entry in graph["metrics"] if isinstance(entry[0], dict)]


def metrics(graph: dict[str, Any]) -> Iterator[GraphMetric]:
    """Return each metric of a graph. "." stands for the value at the same place of the metric before."""
    before: list[str] = []
    for entry in graph["metrics"]:
        if not isinstance(entry[0], dict):
            options = entry[-1] if isinstance(entry[-1], dict) else {}
            given = entry[:-1] if options else entry
            before = [before[place] if value == "." else value for place, value in enumerate(given)]
            yield GraphMetric(before[0], before[1], tuple(before[2:]), options)
