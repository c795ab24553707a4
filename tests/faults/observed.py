"""What can be seen from outside: uploads, objects, items, messages, events and the service's request log."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.faults import pictures

Item = dict[str, Any]


@dataclass(frozen=True)
class SeenRequest:
    """One request, as the service saw it.

    `source` is the bucket, key and version of its URL, or None if the picture came by value. `answer` is "match",
    "no match", or what else was answered.
    """

    at: float
    sha256: str
    source: tuple[str, str, str | None] | None
    answer: str
    # The SHA-256 of the rendition that came; `sha256` is that of the upload that it shows.
    rendition: str = ""


@dataclass(eq=False)
class Uploaded:
    """One upload of a user. `removed`: a user deleted it or, without versions, overwrote it."""

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
        """The two keys of its item in the results table."""
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

    @property
    def is_locked(self) -> bool:
        """Whether the lock ends in the future."""
        if not (self.lock_mode and self.lock_until):
            return False
        until = datetime.fromisoformat(self.lock_until.replace("Z", "+00:00"))
        return (until if until.tzinfo else until.replace(tzinfo=UTC)) > datetime.now(UTC)


@dataclass
class State:
    """Everything that can be seen from outside at one moment."""

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
    requests: list[SeenRequest]
    arrived: int
    largest_window: int
    events: list[Item]
    # Whatever guardctl wrote about releases.
    releases: list[Item]
    log: str
    secrets: list[str]
    disturbed: bool
    crashed: bool
    redriven: bool
    _results: dict[str, Item] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._results = {f"{item['upload']} {item['version']}": item for item in self.items}

    def result(self, upload: Uploaded) -> Item:
        """Return the upload's item, or an empty one."""
        return self._results.get(upload.name, {})

    def release_of(self, upload: Uploaded) -> Item:
        """Return the release that two people agreed to, of these bytes in this place; or an empty item."""
        for one in self.releases:
            is_meant = one["sha256"] == upload.sha256 and one["scope"] in ("*", f"{upload.bucket}/{upload.key}")
            if is_meant and one.get("confirmed_by") not in (None, one["requested_by"]):
                return one
        return {}

    def find_source(self, upload: Uploaded) -> Object | None:
        """Return the uploaded object if its bucket still has it."""
        for one in self.uploaded:
            same = one.version == upload.version_id if upload.version_id else one.sha256 == upload.sha256
            if same and one.key == upload.key and not one.marker:
                return one
        return None

    def locked_copies(self, upload: Uploaded) -> list[Object]:
        """Return the versions in the quarantine bucket that have the upload's bytes and are under lock."""
        return [version for version in self.quarantined if version.sha256 == upload.sha256 and version.is_locked]

    def answers(self, upload: Uploaded) -> set[str]:
        """Return all answers of the service about the upload's bytes."""
        return {request.answer for request in self.requests if request.sha256 == upload.sha256}

    def was_seen_clean(self, upload: Uploaded) -> bool:
        """Return whether the service found no match for the upload's own bytes, or for each of its renditions."""
        of_upload = [one for one in self.requests if one.sha256 == upload.sha256 and one.answer == "no match"]
        shown = {pictures.sha256(one) for one in pictures.RENDITIONS.get(upload.picture, ())}
        sent = {one.rendition for one in of_upload}
        return ("" in sent and len(shown) == 1) or bool(shown and shown <= sent)

    def answers_without_bytes(self, upload: Uploaded) -> set[str]:
        """Return all answers about the version's URL that came after its user had deleted it."""
        version = (upload.bucket, upload.key, upload.version_id)
        return {request.answer for request in self.requests if not request.sha256 and request.source == version}
