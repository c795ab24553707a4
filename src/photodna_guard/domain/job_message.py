"""Messages of our own queues -> scan jobs. Pure."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from photodna_guard.domain.errors import MalformedEventError
from photodna_guard.domain.event_uploads import build_upload, get_object
from photodna_guard.domain.models import Representation, ScanJob, Upload


def parse_job(body: Mapping[str, Any]) -> ScanJob:
    """Parse a message of the retry queue, or one that was redriven from the dead-letter queue."""
    stored = get_object(body, "upload")
    names = {field.name for field in fields(Upload)} - {"version_id"}
    upload = build_upload(version=stored.get("version_id"), **{name: stored.get(name) for name in names})
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
        rescan=body.get("rescan") is True,
        reopen_settled_until=_parse_time(body.get("reopen_settled_until", "")),
    )


def _parse_representation(value: object) -> Representation:
    if value not in list(Representation):
        raise MalformedEventError("representation is none of url, bytes and rendition")
    return Representation(str(value))


def _parse_time(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedEventError("reopen_settled_until is no text")
    return value


def _parse_digests(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(digest, str) for digest in value):
        raise MalformedEventError("checked_renditions is no list of texts")
    return tuple(value)
