"""The evidence record of a match, as JSON: what docs/schemas/evidence-1.schema.json says. Pure. No URL, no key."""

import json
from collections.abc import Mapping
from typing import Any

from photodna_guard import __version__
from photodna_guard.domain.models import Upload, to_iso

SCHEMA = "photodna-guard/evidence/1"


def evidence_key(facts: Mapping[str, Any]) -> str:
    """Where it lies: beside the copy, with the time at which the upload was received.

    Without versions the same bytes can be uploaded again: one copy then, and an evidence record for each upload.
    """
    return f"{facts['quarantine_key']}.{facts['received_at'].replace(':', '-')}.json"


def evidence_record(upload: Upload, facts: Mapping[str, Any], deleted: float) -> bytes:
    """The record. `facts`: the result's own attributes; `deleted`: epoch seconds."""
    source = facts.get("source", {})
    content = {
        "schema": SCHEMA,
        "software": f"photodna-guard {__version__}",
        "source": {
            "bucket": upload.bucket,
            "key": upload.key,
            "version_id": upload.version_id,
            "etag": upload.etag,
            "size": int(facts["size"]),
            "content_type": facts.get("content_type") or None,
            "last_modified": facts.get("last_modified") or None,
            "metadata": facts.get("metadata", {}),
        },
        "uploader": {
            "principal": source.get("principal"),
            "source_ip": source.get("source_ip"),
            "event_time": source.get("event_time"),
        },
        "answer": {
            "tracking_id": facts.get("tracking_id"),
            "match_flags": facts["matches"],
            "is_test": facts["is_test"],
            "known_hash": facts.get("reason") == "known-hash",
        },
        "copy": {
            "key": facts["quarantine_key"],
            "version_id": facts["quarantine_version"],
            "sha256": facts["sha256"],
        },
        "steps": [
            *({"step": step, "at": facts[f"{step}_at"]} for step in ("received", "matched", "copied")),
            {"step": "deleted", "at": to_iso(deleted)},
        ],
    }
    return json.dumps(content, indent=1, default=int).encode()  # DynamoDB's numbers are Decimals, all of them whole
