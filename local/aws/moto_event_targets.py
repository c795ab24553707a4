"""Where moto's EventBridge is not AWS's: a rule whose target is an SNS topic. Runs in moto's process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.events.models import Rule
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends

from local.aws.moto_differences import replace


def apply() -> None:
    """Replaces in moto what differs. Raises where moto no longer has it."""
    replace(Rule, "send_to_targets", _publish_to_topics)


def _publish_to_topics(original: Callable[..., Any]) -> Callable[..., Any]:
    """EventBridge publishes to topics, and invokes functions; moto does neither, and fails."""

    def send(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.scheduled_expression or not self.event_pattern.matches_event(original_event):
            return
        topics = [target for target in self.targets if ":sns:" in target["Arn"]]
        for target in topics:
            _publish(self, target, original_event)
        known = [target for target in self.targets if target not in topics and ":lambda:" not in target["Arn"]]
        if known:
            everything, self.targets = self.targets, known
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
