"""The documents of an exported case, made of a match's result and of the journal. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ops.formatting import quote_key
from ops.guardctl.cybertipline import draft_report
from ops.guardctl.journal import entry_time
from photodna_guard.aws.result_item import parse_upload
from photodna_guard.domain.evidence import evidence_record
from photodna_guard.domain.timestamps import to_iso

# What the result's times say.
_STEPS = {
    "received_at": "the function received the upload",
    "matched_at": "the service's match was recorded, and nobody could read the upload any more",
    "copied_at": "the copy was made, verified by its SHA-256, and locked",
    "settled_at": "the result was settled. The upload was deleted and the evidence record locked before",
}


def build_documents(
    item: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], fetched: Mapping[str, Any], retention_days: int
) -> dict[str, bytes]:
    """Return the case's documents by their file names.

    Args:
        item: The match's result.
        entries: The journal's about the upload, the oldest first.
        fetched: What was learnt with the break-glass role; empty without it.
        retention_days: The stack's RetentionDays.
    """
    hashes = _hashes(item, fetched)
    custody = list_custody(item, entries, fetched, retention_days)
    documents: dict[str, object] = {
        "uploader.json": _uploader(item),
        "hashes.json": hashes,
        "answer.json": _answer(item),
        "chain-of-custody.json": custody,
        "cybertipline-draft.json": draft_report(item, hashes),
    }
    if item.get("previous_matches"):
        documents["earlier-matches.json"] = item["previous_matches"]
    return {
        "evidence.json": build_evidence(item),
        **{name: to_json(value) for name, value in documents.items()},
        "chain-of-custody.md": _custody_table(custody).encode(),
    }


def build_evidence(item: Mapping[str, Any]) -> bytes:
    """Return the evidence record as the result has it. Of the deletion that knows the latest possible time only."""
    return evidence_record(parse_upload(item), item, datetime.fromisoformat(item["settled_at"]).timestamp())


def find_differences(own: bytes, locked: bytes) -> list[str]:
    """Return in which parts the locked record says anything else than the result, apart from the deletion's time."""
    mine, theirs = json.loads(own), json.loads(locked)
    for record in (mine, theirs):
        # The version that wrote each.
        record.pop("software", None)
        record["steps"] = [step for step in record.get("steps", ()) if step.get("step") != "deleted"]
    return sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))


def to_json(value: object) -> bytes:
    """Return a document. DynamoDB's numbers are Decimals; all of these are whole."""
    return f"{json.dumps(value, indent=2, default=int)}\n".encode()


def list_custody(
    item: Mapping[str, Any], entries: Iterable[Mapping[str, Any]], fetched: Mapping[str, Any], retention_days: int
) -> list[dict[str, Any]]:
    """Return who had the picture and did what, in the order of time."""
    source = item.get("source", {})
    events = [_event(item[name], "photodna-guard", what, "result") for name, what in _STEPS.items() if name in item]
    if source.get("event_time"):
        what = f"uploaded to {quote_key(str(item['upload']))}"
        events.append(_event(source["event_time"], source.get("principal", ""), what, "S3's event"))
    if "acknowledged" in item:
        made = item["acknowledged"]
        events.append(_event(made["at"], made["by"], f"acknowledged: {made['reason']}", "result"))
    events += [_of_entry(entry) for entry in entries if entry.get("version") in (None, item["version"])]
    if "copied_at" in item:
        events.append(_lock(item, fetched, retention_days))
    return sorted(events, key=lambda event: str(event["at"]))


def _lock(item: Mapping[str, Any], fetched: Mapping[str, Any], retention_days: int) -> dict[str, Any]:
    if fetched.get("locked_until"):
        what = f"the lock ends ({fetched['lock_mode']}, legal hold {fetched['legal_hold']})"
        return _event(fetched["locked_until"], "", what, "S3's lock of the copy")
    until = datetime.fromisoformat(item["copied_at"]) + timedelta(days=retention_days)
    what = f"the lock ends, if RetentionDays was {retention_days} at the copy and nobody extended it"
    return _event(to_iso(until.timestamp()), "", what, "computed")


def _of_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    what = f"guardctl {entry['action']} ({entry['state']}): {entry['reason']}"
    return _event(entry_time(dict(entry)), str(entry["by"]), what, "journal")


def _event(at: object, by: str, what: str, known_from: str) -> dict[str, Any]:
    return {"at": str(at), "by": by or None, "what": what, "known_from": known_from}


def _custody_table(events: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        f"| {_cell(event['at'])} | {_cell(event['by'] or '')} | {_cell(event['what'])} | {_cell(event['known_from'])} |"
        for event in events
    ]
    return "\n".join(
        ["# Chain of custody", "", "| at (UTC) | by | what | known from |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _cell(text: object) -> str:
    """Return a text as one cell, in which an uploader's key can make neither a line nor a column."""
    return "".join(c if c.isprintable() and c not in "|<>" else f"\\x{ord(c):02x}" for c in str(text))


def _uploader(item: Mapping[str, Any]) -> dict[str, Any]:
    bucket, _, key = str(item["upload"]).partition("/")
    facts = {name: item.get("source", {}).get(name) for name in ("principal", "source_ip", "event_time")}
    upload = {"bucket": bucket, "key": key, "version": item["version"]}
    return facts | upload | {name: item.get(name) for name in ("content_type", "last_modified", "metadata", "tags")}


def _hashes(item: Mapping[str, Any], fetched: Mapping[str, Any]) -> dict[str, Any]:
    computed = {name: fetched[name] for name in ("md5", "sha1") if name in fetched}
    etag = item.get("source", {}).get("etag")
    about = "S3's, of the upload. It is the MD5 of the bytes only for some ways of uploading and encrypting"
    return {"sha256": item["sha256"], **computed, "etag": etag, "about_etag": about, "size": item.get("size")}


def _answer(item: Mapping[str, Any]) -> dict[str, Any]:
    names = ("tracking_id", "matches", "is_test", "reason", "attempts", "representation")
    frames = ("frames_seen", "frames_total", "matched_frame")
    return {name: item.get(name) for name in (*names, *frames)} | {"known_hash": item.get("reason") == "known-hash"}
