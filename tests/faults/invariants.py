"""What must be true, judged from what is in the buckets, the tables, the queues and the service's request log alone.

Knows nothing of how the application works; each check gives the sentences that say what is wrong.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.faults import pictures
from tests.faults.service import Asked

# What the application does since issue 4; the checks find nothing to judge without it.
ONE_COPY: Final = True  # a match has exactly one copy, whatever crashed
ANNOUNCED: Final = True  # by an event, each upload that is settled and not clean
EVIDENCE: Final = True  # a record of it lies beside each copy

SETTLED: Final = ("CLEAN", "SKIPPED", "UNSCANNABLE", "GONE", "QUARANTINED", "FAILED")
UNSETTLED: Final = ("PENDING", "DEFERRED", "MATCHED")
TAGS: Final = {"clean": "CLEAN", "skipped": "SKIPPED", "unscannable": "UNSCANNABLE"}
MOST_A_SECOND: Final = 10  # requests, as the template's RatePerSecond
_NOT_SCANNED: Final = {"3002", "3206", "3208", "3209"}  # answers that leave a picture unscannable

Item = dict[str, Any]


@dataclass(eq=False)
class Uploaded:
    """What a user uploaded. `removed`: deleted or, without versions, overwritten by a user since."""

    bucket: str
    key: str
    version_id: str | None
    etag: str
    content: bytes
    picture: str
    tags: dict[str, str]
    removed: bool = False

    @property
    def sha256(self) -> str:
        return pictures.sha256(self.content)

    @property
    def name(self) -> str:
        """As the results table names it: its two keys."""
        return f"{self.bucket}/{self.key} {self.version_id or f'etag:{self.etag}'}"

    def __str__(self) -> str:
        return f"{self.picture!r} at {self.name}"


@dataclass(frozen=True)
class Object:
    """One version of one key in a bucket."""

    key: str
    version: str
    current: bool
    marker: bool
    content: bytes
    tags: dict[str, str]
    lock_mode: str | None
    lock_until: str | None

    @property
    def sha256(self) -> str:
        return pictures.sha256(self.content)


@dataclass
class State:
    """Everything that can be seen from outside."""

    now: float
    versioned: bool
    uploads: list[Uploaded]
    markers: list[str]
    uploaded: list[Object]
    quarantined: list[Object]
    items: list[Item]
    limiter: list[Item]
    queued: list[str]
    dead_letters: list[Item]
    asked: list[Asked]
    arrived: int
    largest_window: int
    events: list[Item]
    log: str
    secrets: list[str]
    disturbed: bool
    crashed: bool
    redriven: bool
    _results: dict[str, Item] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._results = {f"{item['upload']} {item['version']}": item for item in self.items}

    def result(self, upload: Uploaded) -> Item:
        """Its item, empty where there is none."""
        return self._results.get(upload.name, {})

    def there(self, upload: Uploaded) -> Object | None:
        """It, where its bucket still has it."""
        for one in self.uploaded:
            same = one.version == upload.version_id if upload.version_id else one.sha256 == upload.sha256
            if same and one.key == upload.key and not one.marker:
                return one
        return None

    def copies(self, upload: Uploaded) -> list[Object]:
        """Its bytes in the quarantine bucket, under lock."""
        return [one for one in self.quarantined if one.sha256 == upload.sha256 and self._locked(one)]

    def answered(self, upload: Uploaded) -> set[str]:
        """All that the service has answered about its bytes."""
        return {one.answer for one in self.asked if one.sha256 == upload.sha256}

    def _locked(self, one: Object) -> bool:
        if not (one.lock_mode and one.lock_until):
            return False
        until = datetime.fromisoformat(one.lock_until.replace("Z", "+00:00"))
        return (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() > datetime.now(UTC).timestamp()


def broken(state: State) -> list[str]:
    """What does not hold at the end of a run in which everything was delivered."""
    return [what for check in (*_AT_ONCE, *_AT_THE_END) for what in check(state)]


def broken_at_once(state: State) -> list[str]:
    """What does not hold at a moment at which anything may still be on its way."""
    return [what for check in _AT_ONCE for what in check(state)]


def asked_in_vain(state: State, asked: Asked) -> str:
    """Says so where the service is asked about a version whose answer is kept already."""
    bucket, key, version = asked.where or ("", "", None)
    for upload in state.uploads:
        if version and (upload.bucket, upload.key, upload.version_id) == (bucket, key, version):
            status = state.result(upload).get("status")
            if status not in ("PENDING", "DEFERRED"):
                return f"the service is asked about {upload}, which is {status}"
    return ""


# ---------------------------------------------------------------- at each moment


def _nothing_is_lost(state: State) -> Iterator[str]:
    """A source that its user did not remove is there, or a locked copy of the same bytes is."""
    for upload in state.uploads:
        if not upload.removed and not state.there(upload) and not state.copies(upload):
            yield f"lost: {upload} is gone, and no locked copy has its bytes"


def _only_matches_go(state: State) -> Iterator[str]:
    """No source goes that the service did not call a match."""
    for upload in state.uploads:
        if not upload.removed and not state.there(upload) and pictures.OUTCOME[upload.picture] != "QUARANTINED":
            yield f"removed: {upload}, which is no match"


def _tags_tell_the_truth(state: State) -> Iterator[str]:
    """A tag says nothing that the result does not say."""
    for upload in state.uploads:
        there, status = state.there(upload), state.result(upload).get("status")
        tag = there.tags.get("scan-status") if there and state.versioned else None
        if tag in TAGS and status != TAGS[tag] and tag != upload.tags.get("scan-status"):
            yield f"tagged {tag}: {upload}, which is {status}"


def _nothing_foreign(state: State) -> Iterator[str]:
    """The upload bucket holds what users put there, byte for byte, and nothing else."""
    known = {(upload.key, upload.sha256) for upload in state.uploads}
    for one in state.uploaded:
        if one.marker and one.version not in state.markers:
            yield f"a delete marker that no user made: {one.key} {one.version}"
        if not one.marker and (one.key, one.sha256) not in known:
            yield f"an object that no user uploaded: {one.key} {one.version}"


def _clean_only_by_the_service(state: State) -> Iterator[str]:
    """Unknown is never clean."""
    for upload in state.uploads:
        if state.result(upload).get("status") == "CLEAN" and "no match" not in state.answered(upload):
            yield f"CLEAN without the service's word: {upload}"


def _each_request_has_a_slot(state: State) -> Iterator[str]:
    taken = sum(int(number) for item in state.limiter for name, number in item.items() if name.startswith("used_"))
    if state.arrived > taken:
        yield f"{state.arrived} requests, and only {taken} slots taken"
    if state.largest_window > MOST_A_SECOND:
        yield f"{state.largest_window} requests in one second"


# ---------------------------------------------------------------- at the end


def _all_settled(state: State) -> Iterator[str]:
    for upload in state.uploads:
        if state.result(upload).get("status") not in SETTLED:
            yield f"not settled: {upload} is {state.result(upload).get('status')}"
    yield from (f"still in a queue: {body}" for body in state.queued)


def _outcomes(state: State) -> Iterator[str]:
    """Each upload ended as its bytes and the service's answers ask for."""
    for upload in state.uploads:
        status, wanted = state.result(upload).get("status"), {pictures.OUTCOME[upload.picture]}
        if any(one.name == upload.name and one.removed != upload.removed for one in state.uploads):
            continue  # the same bytes again under the same key: one result for both, judged by the latter
        if upload.removed:
            wanted |= {"GONE"}
        if state.answered(upload) & _NOT_SCANNED:
            wanted |= {"UNSCANNABLE"}
        if state.disturbed:
            wanted |= {"FAILED"}
        if status not in wanted:
            yield f"{status} instead of {' or '.join(sorted(wanted))}: {upload}"


def _no_match_is_readable(state: State) -> Iterator[str]:
    """Neither as the current version nor below it."""
    for upload in state.uploads:
        status = state.result(upload).get("status")
        if state.there(upload) and status in ("QUARANTINED", "GONE", "MATCHED"):
            if status == "GONE" and not state.versioned and upload.removed:
                continue
            yield f"still readable: {upload}, which is {status}"


def _quarantined_is_under_lock(state: State) -> Iterator[str]:
    for upload in state.uploads:
        result, copies = state.result(upload), state.copies(upload)
        if result.get("status") != "QUARANTINED":
            continue
        named = [one for one in copies if one.key == result.get("quarantine_key")]
        if not any(one.version == result.get("quarantine_version") for one in named):
            yield f"the result names no locked copy: {upload}"
        if result.get("sha256") != upload.sha256:
            yield f"the result has another SHA-256: {upload}"
        once = Counter(one.name for one in state.uploads)[upload.name] == 1
        if ONE_COPY and once and len(named) != 1:
            yield f"{len(named)} copies: {upload}"


def _nothing_else_in_quarantine(state: State) -> Iterator[str]:
    """Each picture there is a match. (Evidence records are JSON.)"""
    known = {one.sha256: one for one in state.uploads}
    earlier = [before for item in state.items for before in item.get("previous_matches", [])]
    named = {item.get("quarantine_key") for item in (*state.items, *earlier)}
    for one in state.quarantined:
        if one.sha256 in known and one.key not in named:
            yield f"a copy that no result names: {one.key}"
        if one.marker or not state._locked(one):
            yield f"not under lock: {one.key} {one.version} in quarantine"
        elif one.sha256 in known and pictures.OUTCOME[known[one.sha256].picture] != "QUARANTINED":
            yield f"no match, and yet in quarantine: {known[one.sha256]}"
        elif one.sha256 not in known and not one.content.startswith(b"{"):
            yield f"nobody's picture is in quarantine: {one.key}"


def _others_untouched(state: State) -> Iterator[str]:
    """All that is neither quarantined nor removed by its user is there, with its user's tags."""
    for upload in state.uploads:
        there, status = state.there(upload), state.result(upload).get("status")
        if upload.removed or status == "QUARANTINED":
            continue
        again = not state.versioned and Counter(one.name for one in state.uploads)[upload.name] > 1
        if there is None and again and state.copies(upload):
            continue  # one object for S3, whatever was uploaded how often: it is in quarantine
        if there is None:
            yield f"not there: {upload}, which is {status}"
        elif {k: v for k, v in there.tags.items() if k != "scan-status"} != _users(upload.tags):
            yield f"other tags than the user's: {there.tags} of {upload}"
        elif _tagged(there, status) and state.versioned and len(upload.tags) < 10:
            yield f"tagged {there.tags.get('scan-status')}, and is {status}: {upload}"


def _tagged(there: Object, status: str | None) -> bool:
    """Whether its tag is not that of its status."""
    return {wanted: tag for tag, wanted in TAGS.items()}.get(str(status)) not in (None, there.tags.get("scan-status"))


def _users(tags: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if name != "scan-status"}


def _one_request(state: State) -> Iterator[str]:
    """Where nothing failed, a version costs one request."""
    if state.disturbed:
        return
    uploads = Counter(upload.sha256 for upload in state.uploads)
    by_value = {upload.sha256 for upload in state.uploads if state.answered(upload) & _NOT_SCANNED}
    # A URL whose object is gone by then shows no bytes.
    for digest, asked in Counter(one.sha256 for one in state.asked if one.sha256).items():
        if asked > uploads[digest] * (2 if digest in by_value else 1):
            yield f"{asked} requests for {uploads[digest]} uploads of the same bytes"


def _failures_have_dead_letters(state: State) -> Iterator[str]:
    told = Counter(f"{name['bucket']}/{name['key']} {name['version_id'] or 'etag:' + name['etag']}"
                   for name in (letter["upload"] for letter in state.dead_letters if "upload" in letter))  # fmt: skip
    by_name = {upload.name: upload for upload in state.uploads}
    for name, upload in by_name.items():
        status = state.result(upload).get("status")
        if status == "FAILED" and not told[name]:
            yield f"FAILED without a dead letter: {upload}"
        if told[name] and status != "FAILED" and not state.disturbed:
            yield f"a dead letter, and yet {status}: {upload}"
    if stray := told.keys() - by_name.keys():
        yield f"dead letters of nobody's: {sorted(stray)}"
    for letter in state.dead_letters:
        if not letter.get("failure_reason"):
            yield "a dead letter without a reason"


def _all_is_announced(state: State) -> Iterator[str]:
    """Each upload that ended and is not clean has its event."""
    told = {
        (event["Detail"]["upload"], event["Detail"]["version"], event["Detail"]["status"]) for event in state.events
    }
    for item in state.items if ANNOUNCED else []:
        ended = item["status"] in SETTLED and item["status"] != "CLEAN"
        if ended and (item["upload"], item["version"], item["status"]) not in told:
            yield f"no event of {item['upload']} {item['version']}, which is {item['status']}"


def _evidence_is_kept(state: State) -> Iterator[str]:
    """Beside each copy lies what is known of it, under the same lock."""
    kept = [json.loads(one.content) for one in state.quarantined if one.content.startswith(b"{")]
    for upload in state.uploads if EVIDENCE else []:
        if state.result(upload).get("status") != "QUARANTINED":
            continue
        found = [one for one in kept if one["copy"]["sha256"] == upload.sha256 and one["source"]["key"] == upload.key
                 and one["source"]["version_id"] == upload.version_id]  # fmt: skip
        if not found:
            yield f"no evidence record: {upload}"
        if len(found) > 1 and state.versioned:
            yield f"{len(found)} evidence records: {upload}"


def _attention_is_asked_for(state: State) -> Iterator[str]:
    """What a person should look at is in the sparse index under its status."""
    for item in state.items:
        wanted = item["status"] in ("UNSCANNABLE", "FAILED") or (
            item["status"] == "QUARANTINED" and not item["is_test"]
        )
        if wanted and item.get("needs_attention") not in (item["status"], "QUARANTINED", "UNTAGGED"):
            yield f"{item['status']}, and not in the index: {item['upload']} {item['version']}"


def _no_secret_is_told(state: State) -> Iterator[str]:
    """Neither the key nor a signed URL stands anywhere."""
    kept = [one.content.decode() for one in state.quarantined if one.content.startswith(b"{")]
    places = {"table": state.items + state.limiter, "queue": state.queued, "dead letters": state.dead_letters,
              "events": state.events, "log": state.log, "evidence": kept}  # fmt: skip
    for place, content in places.items():
        text = content if isinstance(content, str) else repr(content)
        for secret in (*state.secrets, "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token"):
            if secret in text:
                yield f"a secret in the {place}: {secret[:16]}…"


Check = Callable[[State], Iterator[str]]
_AT_ONCE: Final[tuple[Check, ...]] = (
    _nothing_is_lost,
    _only_matches_go,
    _tags_tell_the_truth,
    _nothing_foreign,
    _clean_only_by_the_service,
    _each_request_has_a_slot,
)
_AT_THE_END: Final[tuple[Check, ...]] = (
    _all_settled,
    _outcomes,
    _no_match_is_readable,
    _quarantined_is_under_lock,
    _nothing_else_in_quarantine,
    _others_untouched,
    _one_request,
    _failures_have_dead_letters,
    _all_is_announced,
    _evidence_is_kept,
    _attention_is_asked_for,
    _no_secret_is_told,
)
