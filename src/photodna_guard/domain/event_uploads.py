"""S3's records and EventBridge's events -> uploads. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from photodna_guard.domain.errors import MalformedEventError
from photodna_guard.domain.models import NULL_VERSION, Upload


def parse_s3_record(record: Mapping[str, Any]) -> Upload:
    """Parse one record of an S3 notification. Its key is URL-encoded like a form; nothing else decodes keys."""
    obj = get_object(record, "s3", "object")
    try:
        key = unquote_plus(get_text(obj, "key"), errors="strict")
    except UnicodeDecodeError:
        raise MalformedEventError("the key is not URL-encoded UTF-8") from None
    return build_upload(
        bucket=get_text(get_object(record, "s3", "bucket"), "name"),
        key=key,
        version=_version_of(obj, "versionId"),
        etag=obj.get("eTag"),
        size=obj.get("size"),
        sequencer=obj.get("sequencer"),
        event_time=record.get("eventTime"),
        principal=get_object(record, "userIdentity", default={}).get("principalId"),
        source_ip=get_object(record, "requestParameters", default={}).get("sourceIPAddress"),
    )


def parse_event_bridge(event: Mapping[str, Any]) -> Upload:
    """Parse EventBridge's "Object Created" event. Its key is not encoded."""
    obj = get_object(event, "detail", "object")
    detail = event["detail"]
    return build_upload(
        bucket=get_text(get_object(event, "detail", "bucket"), "name"),
        key=get_text(obj, "key"),
        version=_version_of(obj, "version-id"),
        etag=obj.get("etag"),
        size=obj.get("size"),
        sequencer=obj.get("sequencer"),
        event_time=event.get("time"),
        principal=detail.get("requester"),
        source_ip=detail.get("source-ip-address"),
    )


def _version_of(obj: Mapping[str, Any], name: str) -> object:
    """Return the version id; None where versions are suspended. The next upload overwrites that one."""
    return None if obj.get(name) == NULL_VERSION else obj.get(name)


def build_upload(
    *, bucket: object, key: object, version: object, etag: object, size: object, **texts: object
) -> Upload:
    """Return an upload of unchecked values. Raises MalformedEventError if they do not identify a version."""
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        raise MalformedEventError("no bucket or no key")
    version_id = version if isinstance(version, str) and version else None
    plain_etag = etag.strip('"') if isinstance(etag, str) else ""
    if not version_id and not plain_etag:
        raise MalformedEventError("neither a version nor an ETag identifies the object's version")
    known_texts = {name: value for name, value in texts.items() if isinstance(value, str)}
    return Upload(bucket, key, plain_etag, version_id, size if isinstance(size, int) else None, **known_texts)


def get_object(mapping: Mapping[str, Any], *path: str, default: dict[str, Any] | None = None) -> Mapping[str, Any]:
    """Return the object at a path. Raises MalformedEventError if there is none and no default."""
    here: Any = mapping
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    if isinstance(here, Mapping):
        return here
    if default is None:
        raise MalformedEventError(f"no {'.'.join(path)}")
    return default


def get_text(mapping: Mapping[str, Any], name: str) -> str:
    """Return a text that is not empty. Raises MalformedEventError if there is none."""
    value = mapping.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedEventError(f"no {name}")
    return value
