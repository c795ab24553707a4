"""What must hold of dead letters, events, evidence records and secrets once everything was delivered."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.faults.final_checks import SETTLED, user_tags
from tests.faults.moment_checks import Check
from tests.faults.observed import State


def _failures_have_dead_letters(state: State) -> Iterator[str]:
    """Require a dead letter with a reason for each failed upload, and none of anything else."""
    letters = Counter(f"{name['bucket']}/{name['key']} {name['version_id'] or 'etag:' + name['etag']}"
                   for name in (letter["upload"] for letter in state.dead_letters if "upload" in letter))  # fmt: skip
    by_name = {upload.name: upload for upload in state.uploads}
    for name, upload in by_name.items():
        status = state.result(upload).get("status")
        if status == "FAILED" and not letters[name]:
            yield f"FAILED without a dead letter: {upload}"
        if letters[name] and status != "FAILED" and not state.disturbed:
            yield f"a dead letter, and yet {status}: {upload}"
    if stray := letters.keys() - by_name.keys():
        yield f"dead letters of no upload: {sorted(stray)}"
    for letter in state.dead_letters:
        if not letter.get("failure_reason"):
            yield "a dead letter without a reason"


def _all_is_published(state: State) -> Iterator[str]:
    """Require an event for each settled upload that is not clean."""
    published = {
        (event["Detail"]["upload"], event["Detail"]["version"], event["Detail"]["status"]) for event in state.events
    }
    for item in state.items:
        ended = item["status"] in SETTLED and item["status"] != "CLEAN"
        if ended and (item["upload"], item["version"], item["status"]) not in published:
            yield f"no event of {item['upload']} {item['version']}, which is {item['status']}"


def _evidence_is_kept(state: State) -> Iterator[str]:
    """Require one evidence record for each quarantined upload."""
    records = [json.loads(one.content) for one in state.quarantined if one.content.startswith(b"{")]
    kept = [one for one in records if one["schema"].startswith("photodna-guard/evidence/")]
    for upload in state.uploads:
        if state.result(upload).get("status") != "QUARANTINED":
            continue
        found = [one for one in kept if one["copy"]["sha256"] == upload.sha256 and one["source"]["key"] == upload.key
                 and one["source"]["version_id"] == upload.version_id]  # fmt: skip
        if not found:
            yield f"no evidence record: {upload}"
        # A user who deletes an object takes its tags along. The same bytes again have the same name without versions.
        tags = [user_tags(one.tags) for one in state.uploads if one.name == upload.name]
        if not upload.removed and any(one["source"]["tags"] not in tags for one in found):
            yield f"the evidence record has other tags than the user's: {upload}"
        if len(found) > 1 and state.versioned:
            yield f"{len(found)} evidence records: {upload}"


def _attention_is_requested(state: State) -> Iterator[str]:
    """Require that the needs-attention index has each item that a person should look at."""
    for item in state.items:
        wanted = item["status"] in ("UNSCANNABLE", "FAILED") or (
            item["status"] == "QUARANTINED" and not item["is_test"]
        )
        if item.get("released"):
            if "needs_attention" in item:
                yield f"released, and still in the index: {item['upload']} {item['version']}"
            continue
        decided = item["status"] == "UNSCANNABLE" and "decision" in item
        if wanted and not decided and item.get("needs_attention") not in (item["status"], "QUARANTINED", "UNTAGGED"):
            yield f"{item['status']}, and not in the index: {item['upload']} {item['version']}"


def _no_secret_is_exposed(state: State) -> Iterator[str]:
    """Require that neither the key nor a signed URL is anywhere."""
    kept = [one.content.decode() for one in state.quarantined if one.content.startswith(b"{")]
    places = {"table": state.items + state.limiter, "queue": state.queued, "dead letters": state.dead_letters,
              "events": state.events, "log": state.log, "evidence": kept}  # fmt: skip
    for place, content in places.items():
        text = content if isinstance(content, str) else repr(content)
        for secret in (*state.secrets, "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token"):
            if secret in text:
                yield f"a secret in the {place}: {secret[:16]}…"


CHECKS: Final[tuple[Check, ...]] = (
    _failures_have_dead_letters,
    _all_is_published,
    _evidence_is_kept,
    _attention_is_requested,
    _no_secret_is_exposed,
)
