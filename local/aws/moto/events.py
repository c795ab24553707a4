"""EventBridge: invokes functions and publishes to SNS topics; moto does neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.events.models import Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local.aws.moto.event_input import InvalidInputError, fill_in, find_values
from local.aws.moto.replacement import replace

SendToFunction = Callable[[dict[str, Any]], None]
"""Sends {"function": ARN, "event": ...} out of moto's process."""


def apply() -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    replace(Rule, "send_to_targets", _send_to_each_target)
    replace(EventTemplateParser, "parse", _fill_in_as_eventbridge)


def send_to_functions(event: Any, send_to_function: SendToFunction) -> None:
    """Send an event of S3 to the functions of each rule that matches it."""
    backend = events_backends[event["account"]][event["region"]]
    for rule in backend.event_buses["default"].rules.values():
        if rule.state != "ENABLED" or rule.scheduled_expression or not rule.event_pattern.matches_event(event):
            continue
        for target in rule.targets:
            if ":lambda:" in target["Arn"]:
                send_to_function({"function": target["Arn"], "event": event})


def _fill_in_as_eventbridge(original: Callable[..., Any]) -> Any:
    """EventBridge does not escape values; moto fails in PutEvents where a value holds a quote."""

    def parse(input_template: str | None, input_paths_map: Any, event: Any) -> Any:
        if not input_template:
            return original(input_template, input_paths_map, event)
        return fill_in(input_template, find_values(input_paths_map or {}, event))

    return staticmethod(parse)


def _send_to_each_target(original: Callable[..., Any]) -> Callable[..., Any]:
    """EventBridge publishes to topics, and a failed target has its dead-letter queue; moto has neither."""

    def send(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.scheduled_expression or not self.event_pattern.matches_event(original_event):
            return
        for target in [target for target in self.targets if ":lambda:" not in target["Arn"]]:
            try:
                if ":sns:" in target["Arn"]:
                    _publish(self, target, original_event)
                else:
                    _send_to_one(original, self, target, original_event, transform_input)
            except InvalidInputError as error:
                _send_to_dead_letters(self, target, original_event, error)

    return send


def _send_to_one(original: Callable[..., Any], rule: Rule, target: Any, event: Any, transform_input: bool) -> None:
    everything, rule.targets = rule.targets, [target]
    try:
        original(rule, event, transform_input)
    finally:
        rule.targets = everything


def _publish(rule: Rule, target: dict[str, Any], event: Any) -> None:
    transformer = target.get("InputTransformer", {})
    message = EventTemplateParser.parse(
        input_template=transformer.get("InputTemplate", ""),
        input_paths_map=transformer.get("InputPathsMap", {}),
        event=event,
    )
    topic = sns_backends[rule.account_id][rule.region_name].topics[target["Arn"]]
    # A message is JSON, and so a text arrives with its quotes.
    topic.publish(json.dumps(message, default=str))


def _send_to_dead_letters(rule: Rule, target: dict[str, Any], event: Any, error: InvalidInputError) -> None:
    """Send the event with its reason as attributes (EventBridge User Guide, "Using dead-letter queues")."""
    if "DeadLetterConfig" not in target:
        # EventBridge counts this in FailedInvocations, and drops the event.
        return
    reasons = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "INVALID_JSON",
        "ERROR_MESSAGE": str(error),
    }
    sqs_backends[rule.account_id][rule.region_name].send_message(
        queue_name=target["DeadLetterConfig"]["Arn"].rpartition(":")[2],
        message_body=json.dumps(event, default=str),
        message_attributes={name: {"DataType": "String", "StringValue": text} for name, text in reasons.items()},
    )
