"""What must hold at each moment, whatever is still on its way."""

import json
from collections.abc import Callable, Iterator
from typing import Final

from tests.faults import pictures
from tests.faults.observed import State

TAGS: Final = {
    "clean": "CLEAN",
    "released": "CLEAN",
    "skipped": "SKIPPED",
    "document": "SKIPPED",
    "unscannable": "UNSCANNABLE",
}
# With these tags the read gate lets a version be read, by default.
_READABLE: Final = ("clean", "skipped", "allowed", "released")
# The default of the template's RatePerSecond.
MAX_REQUESTS_PER_SECOND: Final = 10


def _nothing_is_lost(state: State) -> Iterator[str]:
    """Require each source, unless its user removed it, or else a locked copy of the same bytes."""
    for upload in state.uploads:
        if not upload.removed and not state.find_source(upload) and not state.locked_copies(upload):
            yield f"lost: {upload} is gone, and no locked copy has its bytes"


def _only_matches_go(state: State) -> Iterator[str]:
    """Require each source that the service did not call a match, unless its user removed it."""
    for upload in state.uploads:
        if not upload.removed and not state.find_source(upload) and pictures.OUTCOME[upload.picture] != "QUARANTINED":
            yield f"removed: {upload}, which is no match"


def _tags_tell_the_truth(state: State) -> Iterator[str]:
    """Require that each status tag agrees with the result."""
    for upload in state.uploads:
        source, status = state.find_source(upload), state.result(upload).get("status")
        tag = source.tags.get("scan-status") if source and state.versioned else None
        if tag in TAGS and status != TAGS[tag] and tag != upload.tags.get("scan-status"):
            yield f"tagged {tag}: {upload}, which is {status}"
        if tag in ("skipped", "document") and (tag == "document") != (upload.picture == "document"):
            yield f"tagged {tag}: {upload}"


def _nothing_foreign(state: State) -> Iterator[str]:
    """Require that the upload bucket holds what users put there, byte for byte, and nothing else."""
    known = {(upload.key, upload.sha256) for upload in state.uploads}
    for one in state.uploaded:
        if one.marker and one.version not in state.markers:
            yield f"a delete marker that no user made: {one.key} {one.version}"
        if not one.marker and (one.key, one.sha256) not in known:
            yield f"an object that no user uploaded: {one.key} {one.version}"


def _clean_only_by_the_service(state: State) -> Iterator[str]:
    """Require an answer of the service for each clean result, and for each frame of it."""
    for upload in state.uploads:
        is_clean = state.result(upload).get("status") == "CLEAN"
        if is_clean and not (state.was_seen_clean(upload) or state.release_of(upload)):
            yield f"CLEAN without the service's word: {upload}"


def _released_only_by_two(state: State) -> Iterator[str]:
    """Require of each match that can be read two people, both of whom a locked record of this version names."""
    records = [json.loads(one.content) for one in state.quarantined if one.is_locked and b"/release/" in one.content]
    for upload in state.uploads:
        source, is_match = state.find_source(upload), pictures.OUTCOME[upload.picture] == "QUARANTINED"
        tag = source.tags.get("scan-status") if source and state.versioned else None
        is_open = tag in _READABLE if state.versioned else state.result(upload).get("status") == "CLEAN"
        if not (is_match and source and is_open) or tag == upload.tags.get("scan-status", ""):
            continue
        found = [one for one in records if one["source"]["version_id"] == upload.version_id
                 and one["source"]["sha256"] == upload.sha256 and one["source"]["key"] == upload.key]  # fmt: skip
        agreed = state.release_of(upload)
        people = {"requested": agreed.get("requested_by"), "confirmed": agreed.get("confirmed_by")}
        if not agreed or not any({name: one[name]["by"] for name in people} == people for one in found):
            yield f"a match that can be read, and no locked record of two people: {upload}"


def _each_request_has_a_slot(state: State) -> Iterator[str]:
    """Require a slot for each request, and no more requests in a second than the limit."""
    taken = sum(int(number) for item in state.limiter for name, number in item.items() if name.startswith("used_"))
    if state.arrived > taken:
        yield f"{state.arrived} requests, and only {taken} slots taken"
    if state.largest_window > MAX_REQUESTS_PER_SECOND:
        yield f"{state.largest_window} requests in one second"


Check = Callable[[State], Iterator[str]]
CHECKS: Final[tuple[Check, ...]] = (
    _nothing_is_lost,
    _only_matches_go,
    _tags_tell_the_truth,
    _nothing_foreign,
    _clean_only_by_the_service,
    _released_only_by_two,
    _each_request_has_a_slot,
)
