"""What must hold of uploads, copies and requests once everything was delivered."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tests.faults import pictures
from tests.faults.moment_checks import TAGS, Check
from tests.faults.observed import Object, State, Uploaded

SETTLED: Final = ("CLEAN", "SKIPPED", "UNSCANNABLE", "GONE", "QUARANTINED", "FAILED")
# Answers that leave a picture unscannable.
_NOT_SCANNED: Final = {"3002", "3206", "3208", "3209"}


def _all_settled(state: State) -> Iterator[str]:
    """Require that each upload is settled and each queue empty."""
    for upload in state.uploads:
        if state.result(upload).get("status") not in SETTLED:
            yield f"not settled: {upload} is {state.result(upload).get('status')}"
    yield from (f"still in a queue: {body}" for body in state.queued)


def _outcomes(state: State) -> Iterator[str]:
    """Require the status that the upload's bytes and the service's answers lead to."""
    for upload in state.uploads:
        status, wanted = state.result(upload).get("status"), {pictures.OUTCOME[upload.picture]}
        if any(one.name == upload.name and one.removed != upload.removed for one in state.uploads):
            # The same bytes came again under the same key: both have one result, which the latter upload decides.
            continue
        if is_released(state, upload):
            wanted = {"CLEAN"}
        if upload.removed:
            wanted |= {"GONE"}
        if (state.answers(upload) | state.answers_without_bytes(upload)) & _NOT_SCANNED:
            wanted |= {"UNSCANNABLE"}
        if state.disturbed:
            wanted |= {"FAILED"}
        if status not in wanted:
            yield f"{status} instead of {' or '.join(sorted(wanted))}: {upload}"


def is_released(state: State, upload: Uploaded) -> bool:
    """Return whether two people had agreed to open the upload when it was settled, and nobody had withdrawn that."""
    agreed, settled = state.release_of(upload), state.result(upload).get("settled_at", "")
    return bool(agreed) and agreed["confirmed_at"] < settled < agreed.get("withdrawn_at", "9")


def _no_match_is_readable(state: State) -> Iterator[str]:
    """Require that no match is left, neither as the current version nor below it."""
    for upload in state.uploads:
        status = state.result(upload).get("status")
        if state.find_source(upload) and status in ("QUARANTINED", "GONE", "MATCHED"):
            if status == "GONE" and not state.versioned and upload.removed:
                continue
            yield f"still readable: {upload}, which is {status}"


def _quarantined_is_under_lock(state: State) -> Iterator[str]:
    """Require one locked copy of each quarantined upload, which its result names."""
    for upload in state.uploads:
        result, copies = state.result(upload), state.locked_copies(upload)
        if result.get("status") != "QUARANTINED":
            continue
        named = [one for one in copies if one.key == result.get("quarantine_key")]
        if not any(one.version == result.get("quarantine_version") for one in named):
            yield f"the result names no locked copy: {upload}"
        if result.get("sha256") != upload.sha256:
            yield f"the result has another SHA-256: {upload}"
        once = Counter(one.name for one in state.uploads)[upload.name] == 1
        if once and len(named) != 1:
            yield f"{len(named)} copies: {upload}"


def _nothing_else_in_quarantine(state: State) -> Iterator[str]:
    """Require that each picture in quarantine is a match. Evidence records are JSON."""
    known = {one.sha256: one for one in state.uploads}
    earlier = [before for item in state.items for before in item.get("previous_matches", [])]
    named = {item.get("quarantine_key") for item in (*state.items, *earlier)}
    for one in state.quarantined:
        if one.sha256 in known and one.key not in named:
            yield f"a copy that no result names: {one.key}"
        if one.marker or not one.is_locked:
            yield f"not under lock: {one.key} {one.version} in quarantine"
        elif one.sha256 in known and pictures.OUTCOME[known[one.sha256].picture] != "QUARANTINED":
            yield f"no match, and yet in quarantine: {known[one.sha256]}"
        elif one.sha256 not in known and not one.content.startswith(b"{"):
            yield f"a picture that no user uploaded is in quarantine: {one.key}"


def _others_untouched(state: State) -> Iterator[str]:
    """Require every other source, with its user's tags, unless its user removed it."""
    for upload in state.uploads:
        source, status = state.find_source(upload), state.result(upload).get("status")
        if upload.removed or status == "QUARANTINED":
            continue
        again = not state.versioned and Counter(one.name for one in state.uploads)[upload.name] > 1
        if source is None and again and state.locked_copies(upload):
            # For S3 all of these uploads are one object, and it is in quarantine.
            continue
        if source is None:
            yield f"not there: {upload}, which is {status}"
        elif {k: v for k, v in source.tags.items() if k != "scan-status"} != user_tags(upload.tags):
            yield f"other tags than the user's: {source.tags} of {upload}"
        elif _has_wrong_tag(source, state.result(upload)) and state.versioned and len(upload.tags) < 10:
            yield f"tagged {source.tags.get('scan-status')}, and is {status}: {upload}"


def _has_wrong_tag(source: Object, result: dict[str, Any]) -> bool:
    """Return whether the status tag is neither that of the status nor what a person decided instead."""
    status, decision = result.get("status"), result.get("decision")
    wanted = {tag for tag, of_status in TAGS.items() if of_status == status}
    if decision and (not decision["allowed"] or not wanted <= {"clean"}):
        wanted = {"allowed" if decision["allowed"] else "denied"}
    return bool(wanted) and source.tags.get("scan-status") not in wanted


def user_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags but the status."""
    return {name: value for name, value in tags.items() if name != "scan-status"}


def _one_request(state: State) -> Iterator[str]:
    """Require one request for each version, or for each of its frames, if nothing failed."""
    if state.disturbed:
        return
    allowed: Counter[str] = Counter()
    for upload in state.uploads:
        twice = 2 if state.answers(upload) & _NOT_SCANNED else 1
        allowed[upload.sha256] += twice * len(pictures.RENDITIONS.get(upload.picture, ("",)))
    # A request by a URL whose object was gone by then has no bytes.
    for digest, requests in Counter(one.sha256 for one in state.requests if one.sha256).items():
        if requests > allowed[digest]:
            yield f"{requests} requests instead of {allowed[digest]} for uploads of the same bytes"


CHECKS: Final[tuple[Check, ...]] = (
    _all_settled,
    _outcomes,
    _no_match_is_readable,
    _quarantined_is_under_lock,
    _nothing_else_in_quarantine,
    _others_untouched,
    _one_request,
)
