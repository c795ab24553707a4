"""Payloads that Lambda delivers -> scan jobs. Pure.

The shapes: S3 notifications, EventBridge events, both in notifications of SNS as well, messages of our own queues,
Lambda's records of failed invocations.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from photodna_guard.domain.errors import MalformedEventError
from photodna_guard.domain.event_envelopes import iter_parts
from photodna_guard.domain.event_uploads import parse_event_bridge, parse_s3_record
from photodna_guard.domain.job_message import parse_job
from photodna_guard.domain.models import ScanJob, Upload


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
    # The names of the events that ask for no scan: each is dropped on purpose.
    ignored: tuple[str, ...] = ()


def parse_event(payload: object) -> ParsedEvent:
    """Return the scan jobs of a payload of any known shape, its unreadable parts, and what it has beside them."""
    jobs: list[ScanJob] = []
    unreadable: list[UnreadablePart] = []
    ignored: list[str] = []
    for part in iter_parts(payload):
        try:
            found = _parse_part(part)
        except MalformedEventError as error:
            unreadable.append(UnreadablePart(part, str(error)))
            continue
        if isinstance(found, ScanJob):
            jobs.append(found)
        else:
            ignored.append(found)
    return ParsedEvent(tuple(jobs), tuple(unreadable), tuple(ignored))


def parse_message(body: str) -> ParsedEvent:
    """Parse the body of a queue's message, which is one payload as JSON."""
    try:
        return parse_event(json.loads(body))
    except (ValueError, RecursionError):
        return ParsedEvent(unreadable=(UnreadablePart(body, "not JSON"),))


def _parse_part(part: object) -> ScanJob | str:
    """Return the scan job of one part; the event's name where it asks for no scan."""
    if not isinstance(part, Mapping):
        raise MalformedEventError("not an object")
    if "upload" in part:
        return parse_job(part)
    # S3 sends a test event when notifications are set up.
    if part.get("Event") == "s3:TestEvent":
        return "s3:TestEvent"
    if part.get("detail-type") == "Object Created":
        return ScanJob(parse_event_bridge(part))
    if part.get("detail-type") == "Object Restore Completed":
        return ScanJob(_without_uploader(parse_event_bridge(part)), rescan=True)
    # Another scanner may have replaced the status tag. The job of a settled record sets it again.
    if part.get("detail-type") in ("Object Tags Added", "Object Tags Deleted"):
        return ScanJob(_without_uploader(parse_event_bridge(part)))
    # Any other event of S3, from an EventBridge rule that lets too much through.
    if part.get("source") == "aws.s3":
        return str(part.get("detail-type"))
    if "s3" in part:
        return _parse_s3_event(part)
    raise MalformedEventError("neither an S3 event nor a retry message")


def _parse_s3_event(record: Mapping[str, Any]) -> ScanJob | str:
    """Parse one record of an S3 notification. A record without an event name counts as a creation."""
    given = record.get("eventName")
    name = given.removeprefix("s3:") if isinstance(given, str) else "ObjectCreated"
    if name.startswith("ObjectCreated"):
        return ScanJob(parse_s3_record(record))
    # An object can be read only now that was archived, for as long as its restored copy lasts.
    if name == "ObjectRestore:Completed":
        return ScanJob(_without_uploader(parse_s3_record(record)), rescan=True)
    return name


def _without_uploader(upload: Upload) -> Upload:
    """Return the upload of an event of something else: who did that, and when, says nothing of the upload."""
    return replace(upload, principal="", source_ip="", event_time="")
