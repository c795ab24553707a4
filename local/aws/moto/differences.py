"""Corrects all of moto's services that the embedded AWS uses."""

from __future__ import annotations

from local.aws.moto import (
    awslambda,
    cloudformation,
    dynamodb,
    events,
    kms,
    many,
    s3,
    s3_notifications,
    sqs,
    sqs_move_tasks,
)
from local.aws.moto.events import SendToFunction


def apply(endpoint: str, send_to_function: SendToFunction) -> None:
    """Correct moto; `endpoint` is the URL of its server. Raises SystemExit if moto lacks a replaced part."""
    s3.apply()
    s3_notifications.apply(send_to_function)
    sqs.apply(endpoint)
    sqs_move_tasks.apply()
    events.apply()
    awslambda.apply(send_to_function)
    kms.apply()
    cloudformation.apply()
    dynamodb.apply()
    many.apply()
