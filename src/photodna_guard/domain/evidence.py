"""The evidence record of a match, as docs/schemas/evidence-1.schema.json describes it. Pure. It contains no URL."""

import json
from collections.abc import Mapping
from typing import Any

from photodna_guard import __version__
from photodna_guard.domain.models import Upload
from photodna_guard.domain.timestamps import to_iso

SCHEMA_ID = "photodna-guard/evidence/1"


def evidence_key(facts: Mapping[str, Any]) -> str:
    """Return the record's key in the quarantine bucket: the copy's key and the time at which the upload was received.

    In a bucket without versions the same bytes can be uploaded again. Then there is one copy, with an evidence record
    for each upload.
    """
    return f"{facts['quarantine_key']}.{facts['received_at'].replace(':', '-')}.json"


def evidence_record(upload: Upload, facts: Mapping[str, Any], deleted: float) -> bytes:
    """Return the record as JSON.

    Args:
        upload: The matched version.
        facts: The attributes of its item in the results table.
        deleted: Epoch seconds at which the version was deleted.
    """
    content = {
        "schema": SCHEMA_ID,
        "software": f"photodna-guard {__version__}",
        "source": _source(upload, facts),
        "uploader": {name: facts.get("source", {}).get(name) for name in ("principal", "source_ip", "event_time")},
        "answer": _answer(facts),
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
    # DynamoDB's numbers are Decimals. All of these are whole.
    return json.dumps(content, indent=1, default=int).encode()


def _source(upload: Upload, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "bucket": upload.bucket,
        "key": upload.key,
        "version_id": upload.version_id,
        "etag": upload.etag,
        "size": int(facts["size"]),
        "content_type": facts.get("content_type") or None,
        "last_modified": facts.get("last_modified") or None,
        "metadata": facts.get("metadata", {}),
        "tags": facts.get("tags"),
    }


def _answer(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tracking_id": facts.get("tracking_id"),
        "match_flags": facts["matches"],
        "is_test": facts["is_test"],
        "known_hash": facts.get("reason") == "known-hash",
    }
