"""What Lambda delivers -> deliveries. Pure: S3 notifications, EventBridge, our own messages, failed invocations."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import unquote_plus

from photodna_guard.domain.errors import MalformedEventError
from photodna_guard.domain.models import ScanJob, Upload


@dataclass(frozen=True, slots=True)
class UnreadablePart:
    """A part of a payload that speaks of no upload, and why; it is kept in the dead-letter queue."""

    part: object
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """All that one payload speaks of."""

    deliveries: tuple[ScanJob, ...] = ()
    faults: tuple[UnreadablePart, ...] = ()


def parse_event(payload: object) -> ParsedEvent:
    """The deliveries of a payload of any of the known shapes, and the parts of it that cannot be read."""
    deliveries: list[ScanJob] = []
    faults: list[UnreadablePart] = []
    for part in _parts(payload):
        try:
            delivery = _delivery(part)
        except MalformedEventError as error:
            faults.append(UnreadablePart(part, str(error)))
        else:
            deliveries.extend([delivery] if delivery else [])
    return ParsedEvent(tuple(deliveries), tuple(faults))


def parse_message(body: str) -> ParsedEvent:
    """As `read`, for the body of a message, which is one payload as JSON."""
    try:
        return parse_event(json.loads(body))
    except (ValueError, RecursionError):
        return ParsedEvent(faults=(UnreadablePart(body, "not JSON"),))


def _parts(payload: object) -> Iterable[object]:
    if isinstance(payload, Mapping):
        if "requestPayload" in payload:  # what Lambda sends to an on-failure destination
            return _parts(payload["requestPayload"])
        if "unreadable_event" in payload:  # ours, redriven from the dead-letter queue: perhaps it can be read by now
            return _parts(payload["unreadable_event"])
        if isinstance(payload.get("Records"), list):
            return list(payload["Records"])
    return [payload]


def _delivery(part: object) -> ScanJob | None:
    """The delivery that one part speaks of; None for what is known and speaks of none."""
    if not isinstance(part, Mapping):
        raise MalformedEventError("not an object")
    if "upload" in part:
        return _message(part)
    if part.get("Event") == "s3:TestEvent":  # S3 sends it when notifications are set up
        return None
    if part.get("detail-type") == "Object Created":
        return ScanJob(_from_event_bridge(part))
    if part.get("source") == "aws.s3":  # a rule that lets more through than it should
        return None
    if "s3" in part:
        return ScanJob(_from_s3(part)) if _created(part) else None
    raise MalformedEventError("neither an S3 event nor a retry message")


def _created(record: Mapping[str, Any]) -> bool:
    """Whether an object came to be. A record that does not say what happened is taken for one that did."""
    name = record.get("eventName")
    return not isinstance(name, str) or name.removeprefix("s3:").startswith("ObjectCreated")


def _from_s3(record: Mapping[str, Any]) -> Upload:
    """S3's own notification. Its keys are URL-encoded, as a form is; this is the one place that decodes them."""
    obj = _object(record, "s3", "object")
    try:
        key = unquote_plus(_text(obj, "key"), errors="strict")
    except UnicodeDecodeError:
        raise MalformedEventError("the key is not URL-encoded UTF-8") from None
    return _upload(
        bucket=_text(_object(record, "s3", "bucket"), "name"),
        key=key,
        version=obj.get("versionId"),
        etag=obj.get("eTag"),
        size=obj.get("size"),
        sequencer=obj.get("sequencer"),
        event_time=record.get("eventTime"),
        principal=_object(record, "userIdentity", default={}).get("principalId"),
        source_ip=_object(record, "requestParameters", default={}).get("sourceIPAddress"),
    )


def _from_event_bridge(event: Mapping[str, Any]) -> Upload:
    """EventBridge's "Object Created". Its keys are as they are."""
    obj = _object(event, "detail", "object")
    detail = event["detail"]
    return _upload(
        bucket=_text(_object(event, "detail", "bucket"), "name"),
        key=_text(obj, "key"),
        version=obj.get("version-id"),
        etag=obj.get("etag"),
        size=obj.get("size"),
        sequencer=obj.get("sequencer"),
        event_time=event.get("time"),
        principal=detail.get("requester"),
        source_ip=detail.get("source-ip-address"),
    )


def _message(body: Mapping[str, Any]) -> ScanJob:
    """A message of our own retry queue, or one that was redriven from the dead-letter queue."""
    known = _object(body, "upload")
    names = {field.name for field in fields(Upload)} - {"version_id"}
    upload = _upload(version=known.get("version_id"), **{name: known.get(name) for name in names})
    if "failure_reason" in body:
        return ScanJob(upload, redriven=True)
    attempt, spent = body.get("failed_attempts", 0), body.get("backoff_seconds", 0.0)
    if not isinstance(attempt, int) or not isinstance(spent, int | float):
        raise MalformedEventError("attempt or spent is not a number")
    flags = {name: body.get(name) is True for name in ("send_bytes", "redriven", "hash_checked")}
    return ScanJob(upload, attempt, float(spent), **flags)


def _upload(*, bucket: object, key: object, version: object, etag: object, size: object, **more: object) -> Upload:
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        raise MalformedEventError("no bucket or no key")
    version_id = version if isinstance(version, str) and version not in ("", "null") else None
    pin = etag.strip('"') if isinstance(etag, str) else ""
    if not version_id and not pin:
        raise MalformedEventError("neither a version nor an ETag: nothing pins what is to be scanned")
    texts = {name: value for name, value in more.items() if isinstance(value, str)}
    return Upload(bucket, key, pin, version_id, size if isinstance(size, int) else None, **texts)


def _object(mapping: Mapping[str, Any], *path: str, default: dict[str, Any] | None = None) -> Mapping[str, Any]:
    here: Any = mapping
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    if isinstance(here, Mapping):
        return here
    if default is None:
        raise MalformedEventError(f"no {'.'.join(path)}")
    return default


def _text(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedEventError(f"no {name}")
    return value
