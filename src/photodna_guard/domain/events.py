"""Payloads that Lambda delivers -> scan jobs. Pure.

The shapes: S3 notifications, EventBridge events, messages of our own queues, Lambda's records of failed invocations.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import unquote_plus

from photodna_guard.domain.errors import MalformedEventError
from photodna_guard.domain.models import Representation, ScanJob, Upload


@dataclass(frozen=True, slots=True)
class UnreadablePart:
    """A part of a payload that names no upload, and the reason. The dead-letter queue stores it."""

    part: object
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """The contents of one payload."""

    jobs: tuple[ScanJob, ...] = ()
    unreadable: tuple[UnreadablePart, ...] = ()


def parse_event(payload: object) -> ParsedEvent:
    """Return the scan jobs of a payload of any known shape, and its unreadable parts."""
    jobs: list[ScanJob] = []
    unreadable: list[UnreadablePart] = []
    for part in _split_payload(payload):
        try:
            job = _parse_part(part)
        except MalformedEventError as error:
            unreadable.append(UnreadablePart(part, str(error)))
        else:
            jobs.extend([job] if job else [])
    return ParsedEvent(tuple(jobs), tuple(unreadable))


def parse_message(body: str) -> ParsedEvent:
    """Parse the body of a queue's message, which is one payload as JSON."""
    try:
        return parse_event(json.loads(body))
    except (ValueError, RecursionError):
        return ParsedEvent(unreadable=(UnreadablePart(body, "not JSON"),))


def _split_payload(payload: object) -> Iterable[object]:
    if isinstance(payload, Mapping):
        # Lambda sends this to an on-failure destination.
        if "requestPayload" in payload:
            return _split_payload(payload["requestPayload"])
        # Our own message, redriven from the dead-letter queue: a newer release may be able to read it.
        if "unreadable_event" in payload:
            return _split_payload(payload["unreadable_event"])
        if isinstance(payload.get("Records"), list):
            return list(payload["Records"])
    return [payload]


def _parse_part(part: object) -> ScanJob | None:
    """Return the scan job of one part; None for a known part that names no created or tagged object."""
    if not isinstance(part, Mapping):
        raise MalformedEventError("not an object")
    if "upload" in part:
        return _parse_own_message(part)
    # S3 sends a test event when notifications are set up.
    if part.get("Event") == "s3:TestEvent":
        return None
    if part.get("detail-type") == "Object Created":
        return ScanJob(_parse_event_bridge(part))
    # Another scanner may have replaced the status tag. The job of a settled record sets it again.
    if part.get("detail-type") in ("Object Tags Added", "Object Tags Deleted"):
        # Who tags an object, and when, says nothing of its upload.
        return ScanJob(replace(_parse_event_bridge(part), principal="", source_ip="", event_time=""))
    # Any other event of S3, from an EventBridge rule that lets too much through.
    if part.get("source") == "aws.s3":
        return None
    if "s3" in part:
        return ScanJob(_parse_s3_record(part)) if _is_creation(part) else None
    raise MalformedEventError("neither an S3 event nor a retry message")


def _is_creation(record: Mapping[str, Any]) -> bool:
    """Return whether an object was created. A record without an event name counts as a creation."""
    name = record.get("eventName")
    return not isinstance(name, str) or name.removeprefix("s3:").startswith("ObjectCreated")


def _parse_s3_record(record: Mapping[str, Any]) -> Upload:
    """Parse one record of an S3 notification. Its key is URL-encoded like a form; nothing else decodes keys."""
    obj = _get_object(record, "s3", "object")
    try:
        key = unquote_plus(_get_text(obj, "key"), errors="strict")
    except UnicodeDecodeError:
        raise MalformedEventError("the key is not URL-encoded UTF-8") from None
    return _build_upload(
        bucket=_get_text(_get_object(record, "s3", "bucket"), "name"),
        key=key,
        version=obj.get("versionId"),
        etag=obj.get("eTag"),
        size=obj.get("size"),
        sequencer=obj.get("sequencer"),
        event_time=record.get("eventTime"),
        principal=_get_object(record, "userIdentity", default={}).get("principalId"),
        source_ip=_get_object(record, "requestParameters", default={}).get("sourceIPAddress"),
    )


def _parse_event_bridge(event: Mapping[str, Any]) -> Upload:
    """Parse EventBridge's "Object Created" event. Its key is not encoded."""
    obj = _get_object(event, "detail", "object")
    detail = event["detail"]
    return _build_upload(
        bucket=_get_text(_get_object(event, "detail", "bucket"), "name"),
        key=_get_text(obj, "key"),
        version=obj.get("version-id"),
        etag=obj.get("etag"),
        size=obj.get("size"),
        sequencer=obj.get("sequencer"),
        event_time=event.get("time"),
        principal=detail.get("requester"),
        source_ip=detail.get("source-ip-address"),
    )


def _parse_own_message(body: Mapping[str, Any]) -> ScanJob:
    """Parse a message of the retry queue, or one that was redriven from the dead-letter queue."""
    stored = _get_object(body, "upload")
    names = {field.name for field in fields(Upload)} - {"version_id"}
    upload = _build_upload(version=stored.get("version_id"), **{name: stored.get(name) for name in names})
    if "failure_reason" in body:
        return ScanJob(upload, redriven=True)
    failed_attempts, backoff = body.get("failed_attempts", 0), body.get("backoff_seconds", 0.0)
    if not isinstance(failed_attempts, int) or not isinstance(backoff, int | float):
        raise MalformedEventError("failed_attempts or backoff_seconds is not a number")
    return ScanJob(
        upload,
        failed_attempts,
        float(backoff),
        representation=_parse_representation(body.get("representation", Representation.URL)),
        checked_renditions=_parse_digests(body.get("checked_renditions", [])),
        redriven=body.get("redriven") is True,
        hash_checked=body.get("hash_checked") is True,
    )


def _parse_representation(value: object) -> Representation:
    if value not in list(Representation):
        raise MalformedEventError("representation is none of url, bytes and rendition")
    return Representation(str(value))


def _parse_digests(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(digest, str) for digest in value):
        raise MalformedEventError("checked_renditions is no list of texts")
    return tuple(value)


def _build_upload(
    *, bucket: object, key: object, version: object, etag: object, size: object, **texts: object
) -> Upload:
    """Return an upload of unchecked values. Raises MalformedEventError if they do not identify a version."""
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        raise MalformedEventError("no bucket or no key")
    version_id = version if isinstance(version, str) and version not in ("", "null") else None
    plain_etag = etag.strip('"') if isinstance(etag, str) else ""
    if not version_id and not plain_etag:
        raise MalformedEventError("neither a version nor an ETag identifies the object's version")
    known_texts = {name: value for name, value in texts.items() if isinstance(value, str)}
    return Upload(bucket, key, plain_etag, version_id, size if isinstance(size, int) else None, **known_texts)


def _get_object(mapping: Mapping[str, Any], *path: str, default: dict[str, Any] | None = None) -> Mapping[str, Any]:
    """Return the object at a path. Raises MalformedEventError if there is none and no default."""
    here: Any = mapping
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    if isinstance(here, Mapping):
        return here
    if default is None:
        raise MalformedEventError(f"no {'.'.join(path)}")
    return default


def _get_text(mapping: Mapping[str, Any], name: str) -> str:
    """Return a text that is not empty. Raises MalformedEventError if there is none."""
    value = mapping.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedEventError(f"no {name}")
    return value
