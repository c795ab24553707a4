"""Where moto's services are not what AWS's are, and what is done about it. Runs in moto's process.

Each entry says what AWS does. Where moto no longer has what is replaced here, the start fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

import moto
from moto.core.utils import utcnow
from moto.events.models import events_backends
from moto.s3 import notifications
from moto.s3.exceptions import AccessDeniedByLock, PreconditionFailed, S3AccessDeniedError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response
from moto.sqs import models as sqs_models
from moto.sqs.models import Queue, SQSBackend

from local.aws import s3_events

Say = Callable[[dict[str, Any]], None]
Make = Callable[[Callable[..., Any]], Any]

_request = threading.local()
_sqs_lock = threading.RLock()
_WAKE_SECONDS = 0.25
_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def apply(endpoint: str, send_to_function: Say) -> None:
    """Replaces in moto what differs. `endpoint` is the server's URL."""
    replace(notifications, "send_event", lambda _: _event_sender(send_to_function))
    replace(S3Backend, "complete_multipart_upload", _one_event_for_a_multipart_upload)
    replace(S3Response, "_key_response", _expire_presigned_urls)
    replace(S3Response, "copy_object", _honour_copy_source_if_match)
    replace(S3Response, "delete_object", _honour_if_match_any)
    replace(S3Response, "_key_response_get", _tell_retention)
    replace(S3Backend, "put_object_retention", _keep_retention)
    for name in ("send_message", "delete_message", "change_message_visibility"):
        replace(SQSBackend, name, _under_the_queue_lock)
    replace(SQSBackend, "receive_message", _receive_atomically)
    replace(Queue, "delete_message", _delete_at_once)
    Queue.messages = property(_Visible)  # type: ignore[assignment]  # a list in moto, made anew for each receipt
    # SQS holds any number of messages. Moto asks for the time four times for each one at every send; this is quick.
    replace(sqs_models, "unix_time_millis", lambda _: lambda: time.time() * 1000)
    # A queue's URL is where its requests go.
    replace(
        Queue,
        "physical_resource_id",
        lambda _: property(lambda queue: f"{endpoint}/{queue.account_id}/{queue.name}"),
    )


def replace(owner: Any, name: str, make: Make) -> None:
    """Puts make(what is there) in its place. Raises SystemExit where moto no longer has it."""
    original = getattr(owner, name, None)
    if original is None:
        raise SystemExit(f"moto {moto.__version__} has no {owner.__name__}.{name}: mend {__file__}")
    setattr(owner, name, make(original))


def complete_request(environ: dict[str, Any]) -> None:
    """Notes who asks, for the event; and S3 asks CopyObject for no checksum header where the bucket has a lock."""
    _request.environ = environ
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:
        environ.setdefault("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", "CRC32")


def is_long_poll(environ: dict[str, Any]) -> bool:
    return str(environ.get("HTTP_X_AMZ_TARGET", "")).endswith("AmazonSQS.ReceiveMessage")


# ---------------------------------------------------------------- S3: events


def _event_sender(send_to_function: Say) -> Callable[..., None]:
    """S3's events name the version, the user and the address, and ascend in their sequencer."""
    last = 0

    def send(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
        nonlocal last
        configuration = bucket.notification_configuration
        name = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
        if configuration is None or name not in s3_events.REASONS:
            return
        if name == "ObjectCreated:Put" and getattr(_request, "completing", False):
            return
        last = max(last + 1, time.time_ns())
        creation = _creation(name, bucket, key, account_id, f"{last:018X}")
        for wanted in configuration.cloud_function:
            if wanted.matches(f"s3:{name}", key.name):
                event = s3_events.notification(creation, wanted.id)
                send_to_function({"function": wanted.arn, "event": event})
        for wanted in configuration.queue:
            if wanted.matches(f"s3:{name}", key.name):
                event = s3_events.notification(creation, wanted.id)
                queue = wanted.arn.rpartition(":")[2]
                notifications._send_sqs_message(account_id, event, queue, creation.region)
        if configuration.event_bridge is not None:
            _send_to_rules(s3_events.object_created(creation), send_to_function)

    return send


def _creation(name: str, bucket: Any, key: Any, account: str, sequencer: str) -> s3_events.Creation:
    environ = _request.environ
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
        access_key=_access_key(environ),
        source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        at=datetime.now(UTC),
    )


def _access_key(environ: dict[str, Any]) -> str:
    """From the signature, be it in the header or in a presigned URL."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    if "Credential=" in header:
        return str(header.partition("Credential=")[2].split("/")[0])
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    return query.get("X-Amz-Credential", query.get("AWSAccessKeyId", ["Anonymous"]))[0].split("/")[0]


def _send_to_rules(event: Any, send_to_function: Say) -> None:
    """EventBridge invokes functions asynchronously; moto knows the rules, and no functions."""
    backend = events_backends[event["account"]][event["region"]]
    for rule in backend.event_buses["default"].rules.values():
        if rule.state != "ENABLED" or rule.scheduled_expression or not rule.event_pattern.matches_event(event):
            continue
        for target in rule.targets:
            if ":lambda:" in target["Arn"]:
                send_to_function({"function": target["Arn"], "event": event})


def _one_event_for_a_multipart_upload(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 sends CompleteMultipartUpload only, moto a Put as well. And S3 locks the object as the bucket says."""

    def complete(self: Any, bucket_name: str, *args: Any) -> Any:
        _request.completing = True
        try:
            key = original(self, bucket_name, *args)
        finally:
            _request.completing = False
        bucket = self.get_bucket(bucket_name)
        if key is not None and bucket.has_default_lock:
            key.lock_mode, key.lock_until = bucket.default_lock_mode, bucket.default_retention()
        return key

    return complete


# ---------------------------------------------------------------- S3: conditions and locks


def _expire_presigned_urls(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 answers 403 AccessDenied once the time in the URL is over. Signatures stay unchecked: any key may sign."""

    def respond(self: Any, request: Any, full_url: str) -> Any:
        expiry = _expiry(parse_qs(urlparse(full_url).query))
        if expiry is not None and datetime.now(UTC) > expiry:
            raise S3AccessDeniedError
        return original(self, request, full_url)

    return respond


def _expiry(query: dict[str, list[str]]) -> datetime | None:
    """From a URL signed with version 4, or with 2, which SDKs still do in the oldest region."""
    if "X-Amz-Expires" in query:
        signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return signed + timedelta(seconds=int(query["X-Amz-Expires"][0]))
    if "Signature" in query and "Expires" in query:
        return datetime.fromtimestamp(int(query["Expires"][0]), UTC)
    return None


def _honour_copy_source_if_match(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 answers 412 PreconditionFailed when the source has another ETag; moto copies."""

    def copy(self: Any) -> Any:
        expected = self.headers.get("x-amz-copy-source-if-match")
        source = urlparse(self.headers["x-amz-copy-source"])
        bucket, _, key = unquote(source.path).lstrip("/").partition("/")
        version = parse_qs(source.query).get("versionId", [None])[0]
        found = self.backend.get_object(bucket, key, version_id=version)
        if expected and found is not None and expected.strip('"') not in ("*", found.etag.strip('"')):
            raise PreconditionFailed("x-amz-copy-source-If-Match")
        return original(self)

    return copy


def _honour_if_match_any(original: Callable[..., Any]) -> Callable[..., Any]:
    """DeleteObject's If-Match may be "*": any current version. (An ETag moto compares, as S3 does, with the
    current version, also where another version is to be deleted.)
    """

    def delete(self: Any) -> Any:
        if self.headers.get("If-Match") == "*":
            current = self.backend.get_object(self.bucket_name, self.parse_key_name())
            if current is None:
                raise PreconditionFailed("If-Match")
            self.headers.environ["HTTP_IF_MATCH"] = current.etag
        return original(self)

    return delete


def _tell_retention(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 answers GetObjectRetention with the lock, or 404 where there is none; moto sends the object."""

    def respond(self: Any, query: dict[str, Any], key_name: str) -> Any:
        if "retention" not in query:
            return original(self, query, key_name)
        key, _ = self._get_key()
        until = f"<RetainUntilDate>{key.lock_until}</RetainUntilDate>"
        body = f'<Retention xmlns="{_S3_NAMESPACE}"><Mode>{key.lock_mode}</Mode>{until}</Retention>'
        if key.lock_mode is None:
            body = "<Error><Code>NoSuchObjectLockConfiguration</Code><Message>no retention</Message></Error>"
        return 200 if key.lock_mode else 404, {"content-type": "application/xml"}, body

    return respond


def _keep_retention(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 never shortens a COMPLIANCE lock, and a GOVERNANCE one only with the bypass header."""

    def put(self: Any, bucket_name: str, key_name: str, version_id: str | None, retention: Any) -> Any:
        key = self.get_object(bucket_name, key_name, version_id=version_id)
        bypass = _request.environ.get("HTTP_X_AMZ_BYPASS_GOVERNANCE_RETENTION", "").lower() == "true"
        weaker = retention[0] != key.lock_mode or _instant(retention[1]) < _instant(key.lock_until)
        if key.is_locked(governance_bypass=bypass) and weaker:
            raise AccessDeniedByLock
        return original(self, bucket_name, key_name, version_id, retention)

    return put


def _instant(iso: str | None) -> datetime:
    return datetime.fromisoformat(iso).replace(tzinfo=UTC) if iso else utcnow().replace(tzinfo=UTC)


# ---------------------------------------------------------------- SQS


def _under_the_queue_lock(original: Callable[..., Any]) -> Callable[..., Any]:
    """SQS does each of these at once, also while somebody polls."""

    def locked(*args: Any, **kwargs: Any) -> Any:
        with _sqs_lock:
            return original(*args, **kwargs)

    return locked


class _Visible:
    """The messages of a queue that can be received, one after the other: the first of ten thousand suffice."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __iter__(self) -> Iterator[Any]:
        return (message for message in list(self._queue._messages) if message.visible and not message.delayed)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _delete_at_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """Moto goes through all messages twice; what is deleted was received, and so is among the first."""

    def delete(self: Queue, receipt_handle: str) -> None:
        for place, message in enumerate(self._messages):
            if message.had_receipt_handle(receipt_handle):
                self.pending_messages.discard(message)
                self.deleted_messages.update(message.all_receipt_handles)  # type: ignore[arg-type]
                del self._messages[place]
                return
        original(self, receipt_handle)  # deleted already, or never known

    return delete


def _receive_atomically(original: Callable[..., Any]) -> Callable[..., Any]:
    """SQS makes a received message invisible at once; in moto two pollers may get the same one.

    Waits outside the lock, and looks again every quarter second for what a delay or time-out has held back.
    """

    def receive(self: Any, queue_name: str, count: int, wait_seconds: int, *args: Any, **kwargs: Any) -> Any:
        queue = self.get_queue(queue_name)
        until = time.monotonic() + wait_seconds
        while True:
            with _sqs_lock:
                messages = original(self, queue_name, count, 0, *args, **kwargs)
            left = until - time.monotonic()
            if messages or left <= 0:
                return messages
            queue.wait_for_messages(min(left, _WAKE_SECONDS))

    return receive
