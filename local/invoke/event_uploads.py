"""Lists the uploads of a sample event, and replaces its placeholders by the values of the embedded cloud (pure).

An event in events/ is as AWS sends it. Its bucket, versions, ETags and sizes are placeholders.
`replace_placeholders` replaces them, also inside the messages of a queue. It identifies an upload by its version, or
by its key where the event has no version, so each occurs once. The keys stay as they are.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from local.invoke.errors import SampleEventError
from photodna_guard.domain import events
from photodna_guard.domain.models import Upload

# The names that S3, EventBridge and the application use.
_VERSION_NAMES = ("versionId", "version-id", "version_id")
_ETAG_NAMES = ("eTag", "etag")


@dataclass(frozen=True)
class StoredVersion:
    """One version in the embedded cloud. `size` is in bytes."""

    version: str
    etag: str
    size: int


def list_uploads(event: Any) -> list[Upload]:
    """List the uploads in the event's order. Raises SampleEventError if the functions cannot read a part of it."""
    intakes = [events.parse_message(body) for body in _list_bodies(event)] or [events.parse_event(event)]
    faults = [fault.reason for intake in intakes for fault in intake.unreadable]
    found = [job.upload for intake in intakes for job in intake.jobs]
    if faults or not found:
        raise SampleEventError("; ".join(faults) or "it names no upload")
    if len({upload.bucket for upload in found}) > 1:
        raise SampleEventError("it names more than one bucket")
    if len({placeholder(upload) for upload in found}) < len(found):
        raise SampleEventError("each of its uploads needs a version of its own, or else a key of its own")
    return found


def placeholder(upload: Upload) -> str:
    """Return what identifies an upload of an event: its version, or its key where it has none."""
    return upload.version_id or upload.key


def replace_placeholders(event: Any, bucket: str, stored: Mapping[str, StoredVersion]) -> Any:
    """Return the event for `bucket`. `stored` has the uploaded versions by `placeholder`."""
    named = list_uploads(event)[0].bucket
    names = {named: bucket, f"arn:aws:s3:::{named}": f"arn:aws:s3:::{bucket}"}
    return _replace(event, names, stored)


def _replace(value: Any, names: Mapping[str, str], stored: Mapping[str, StoredVersion]) -> Any:
    if isinstance(value, list):
        return [_replace(one, names, stored) for one in value]
    if isinstance(value, str):
        return names.get(value, value)
    if not isinstance(value, dict):
        return value
    if value.get("eventSource") == "aws:sqs":
        body = json.dumps(_replace(json.loads(value["body"]), names, stored))
        return value | {"body": body, "md5OfBody": compute_md5(body)}
    # A notification of SNS has the event as text.
    if "TopicArn" in value and isinstance(value.get("Message"), str):
        return value | {"Message": json.dumps(_replace(json.loads(value["Message"]), names, stored))}
    return {name: _replace(one, names, stored) for name, one in value.items()} | _replace_object(value, stored)


def _replace_object(value: Mapping[str, Any], stored: Mapping[str, StoredVersion]) -> dict[str, Any]:
    """Return the new values of a mapping that describes an object, or {} if it describes none."""
    given = next((value[name] for name in _VERSION_NAMES if value.get(name)), None)
    # S3's notifications have URL-encoded keys.
    key = str(value.get("key", ""))
    version = next((stored[one] for one in ([given] if given else [key, unquote_plus(key)]) if one in stored), None)
    if version is None:
        return {}
    known = dict.fromkeys(_VERSION_NAMES, version.version) | dict.fromkeys(_ETAG_NAMES, version.etag)
    replaced = {name: one for name, one in (known | {"size": version.size}).items() if name in value}
    # The embedded bucket keeps versions, and of such a bucket S3 sends the version.
    return replaced if given else replaced | {_version_name(value): version.version}


def _version_name(value: Mapping[str, Any]) -> str:
    """Return the name of the version in the form of a retry message, of EventBridge, or of an S3 notification."""
    return "version_id" if "bucket" in value else "version-id" if "etag" in value else "versionId"


def _list_bodies(event: Any) -> Iterable[str]:
    records = event.get("Records", []) if isinstance(event, dict) else []
    return [record["body"] for record in records if record.get("eventSource") == "aws:sqs"]


def compute_md5(body: str) -> str:
    """Compute the digest that SQS sends with a message."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
