"""EventBridge: invokes functions and publishes to SNS topics; moto does neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.events.models import Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends

from local.aws.moto.replacement import replace

SendToFunction = Callable[[dict[str, Any]], None]
"""Sends {"function": ARN, "event": ...} out of moto's process."""


def apply() -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    replace(Rule, "send_to_targets", _publish_to_topics)


def send_to_functions(event: Any, send_to_function: SendToFunction) -> None:
    """Send an event of S3 to the functions of each rule that matches it."""
    backend = events_backends[event["account"]][event["region"]]
    for rule in backend.event_buses["default"].rules.values():
        if rule.state != "ENABLED" or rule.scheduled_expression or not rule.event_pattern.matches_event(event):
            continue
        for target in rule.targets:
            if ":lambda:" in target["Arn"]:
                send_to_function({"function": target["Arn"], "event": event})


def _publish_to_topics(original: Callable[..., Any]) -> Callable[..., Any]:
    """EventBridge publishes to topics; moto raises NotImplementedError for them, and for functions."""

    def send(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.scheduled_expression or not self.event_pattern.matches_event(original_event):
            return
        topics = [target for target in self.targets if ":sns:" in target["Arn"]]
        for target in topics:
            _publish(self, target, original_event)
        supported = [target for target in self.targets if target not in topics and ":lambda:" not in target["Arn"]]
        if supported:
            everything, self.targets = self.targets, supported
            try:
                original(self, original_event, transform_input)
            finally:
                self.targets = everything

    return send


def _publish(rule: Rule, target: dict[str, Any], event: Any) -> None:
    transformer = target.get("InputTransformer", {})
    message = EventTemplateParser.parse(
        input_template=transformer.get("InputTemplate"),
        input_paths_map=transformer.get("InputPathsMap", {}),
        event=event,
    )
    topic = sns_backends[rule.account_id][rule.region_name].topics[target["Arn"]]
    topic.publish(message if isinstance(message, str) else json.dumps(message, default=str))
