"""S3's event notifications, which moto sends without version, user and address, and not to functions."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.s3 import notifications
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local.aws import s3_events
from local.aws.moto import current_request, events
from local.aws.moto.events import SendToFunction
from local.aws.moto.replacement import replace

_multipart = threading.local()


def apply(send_to_function: SendToFunction) -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    replace(notifications, "send_event", lambda _: _make_sender(send_to_function))
    replace(S3Backend, "complete_multipart_upload", _suppress_put_event)
    replace(S3Response, "get_bucket_notification", _describe_event_bridge)


def _make_sender(send_to_function: SendToFunction) -> Callable[..., None]:
    """S3 sends events to functions, queues and EventBridge. Their sequencers ascend."""
    last = 0

    def send(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
        nonlocal last
        name = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
        if bucket.notification_configuration is None or name not in s3_events.REASONS:
            return
        if name == "ObjectCreated:Put" and getattr(_multipart, "is_completing", False):
            return
        last = max(last + 1, time.time_ns())
        _send_creation(_describe_creation(name, bucket, key, account_id, f"{last:018X}"), bucket, send_to_function)

    return send


def _send_creation(creation: s3_events.Creation, bucket: Any, send_to_function: SendToFunction) -> None:
    configuration, event_name = bucket.notification_configuration, f"s3:{creation.event_name}"
    for wanted in configuration.cloud_function:
        if wanted.matches(event_name, creation.key):
            send_to_function({"function": wanted.arn, "event": s3_events.make_notification(creation, wanted.id)})
    for wanted in configuration.queue:
        if wanted.matches(event_name, creation.key):
            event, queue = s3_events.make_notification(creation, wanted.id), wanted.arn.rpartition(":")[2]
            notifications._send_sqs_message(creation.account, event, queue, creation.region)
    if configuration.event_bridge is not None:
        events.send_to_functions(s3_events.make_object_created(creation), send_to_function)


def _describe_creation(name: str, bucket: Any, key: Any, account: str, sequencer: str) -> s3_events.Creation:
    return s3_events.Creation(
        event_name=name,
        bucket=bucket.name,
        key=key.name,
        size=key.size,
        etag=key.etag.strip('"'),
        version_id=key.version_id if bucket.is_versioned else None,
        sequencer=sequencer,
        region=bucket.region_name,
        account=account,
        access_key=current_request.get_access_key(),
        source_ip=current_request.get_source_ip(),
        at=datetime.now(UTC),
    )


def _suppress_put_event(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 sends one event for a multipart upload, CompleteMultipartUpload; moto sends a Put as well."""

    def complete(*args: Any) -> Any:
        _multipart.is_completing = True
        try:
            return original(*args)
        finally:
            _multipart.is_completing = False

    return complete


def _describe_event_bridge(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 says whether EventBridge gets a bucket's events; moto keeps that to itself."""

    def respond(self: Any) -> Any:
        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        status, headers, body = original(self)
        if found is not None and found.event_bridge is not None:
            end = "</NotificationConfiguration>"
            body = re.sub(r"(<NotificationConfiguration[^>]*?)/>$", rf"\1>{end}", body)
            body = body.replace(end, f"<EventBridgeConfiguration/>{end}")
        return status, headers, body

    return respond
