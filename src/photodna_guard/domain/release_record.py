"""The record of a released upload, as docs/schemas/release-1.schema.json describes it. Pure. It contains no URL."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from photodna_guard import __version__
from photodna_guard.domain.models import Upload
from photodna_guard.domain.releases import ANYWHERE, Release
from photodna_guard.domain.timestamps import to_iso

SCHEMA_ID = "photodna-guard/release/1"


def release_record_name(release: Release) -> str:
    """Return the record's name in its upload's folder. Another release of the same bytes has another one."""
    return f"{release.sha256}.{release.requested.at.replace(':', '-')}.released.json"


def release_record(upload: Upload, release: Release, size: int, facts: Mapping[str, Any], now: float) -> bytes:
    """Return the record as JSON.

    Args:
        upload: The version that is released.
        release: What two people agreed to.
        size: The version's size in bytes.
        facts: The attributes of its item in the results table.
        now: Epoch seconds at which its bytes were found to be those of the release.
    """
    source = {name: getattr(upload, name) for name in ("bucket", "key", "version_id", "etag")}
    content = {
        "schema": SCHEMA_ID,
        "software": f"photodna-guard {__version__}",
        "source": source | {"size": size, "sha256": release.sha256},
        "uploader": {name: facts.get("source", {}).get(name) for name in ("principal", "source_ip", "event_time")},
        "answer": {
            "tracking_id": facts.get("tracking_id"),
            "match_flags": facts["matches"],
            "is_test": facts["is_test"],
            "known_hash": facts.get("reason") == "known-hash",
        },
        "quarantined": {
            "upload": release.upload,
            "version": release.version,
            "copy": {"key": release.quarantine_key, "version_id": release.quarantine_version},
        },
        "anywhere": release.scope == ANYWHERE,
        "requested": asdict(release.requested),
        "confirmed": asdict(release.confirmed),
        "at": to_iso(now),
    }
    # DynamoDB's numbers are Decimals. All of these are whole.
    return json.dumps(content, indent=1, default=int).encode()
