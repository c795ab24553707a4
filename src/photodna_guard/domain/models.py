"""The domain's values, frozen and without I/O."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from photodna_guard.domain.content_digest import ContentDigest

NULL_VERSION = "null"  # S3's name of what a bucket had before it kept versions, or gets while they are suspended.


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of one object, as described by its event. What the event does not state is None or empty."""

    bucket: str
    key: str
    etag: str
    # None in a bucket without versions (there the ETag identifies it), NULL_VERSION of what it had before it kept them.
    version_id: str | None = None
    size: int | None = None  # bytes
    # S3's order of the events of one key: hexadecimal, compared as text.
    sequencer: str = ""
    event_time: str = ""  # ISO 8601
    # The uploader's AWS principal and IP address.
    principal: str = ""
    source_ip: str = ""

    @property
    def id(self) -> str:
        """The results table's partition key: "bucket/key"."""
        return f"{self.bucket}/{self.key}"

    @property
    def version(self) -> str:
        """The results table's sort key: the version id, or "etag:<etag>"."""
        return self.version_id or f"etag:{self.etag}"

    @property
    def record_key(self) -> tuple[str, str]:
        """Both keys of the upload's record in the results table."""
        return self.id, self.version


class Representation(StrEnum):
    """What the service gets of a picture, from the cheapest to the one that depends least on the service."""

    # A presigned URL of the stored bytes.
    URL = "url"
    # The stored bytes.
    BYTES = "bytes"
    # A rendition of each frame that is looked at.
    RENDITION = "rendition"


@dataclass(frozen=True, slots=True)
class ScanJob:
    """An upload to be scanned, with the history of its earlier tries."""

    upload: Upload
    # Deferrals are not counted.
    failed_attempts: int = 0
    # The sum so far: it limits how long an upload is retried.
    backoff_seconds: float = 0.0
    # The service could not use a cheaper one.
    representation: Representation = Representation.URL
    # Digests of the renditions that the service found no match for.
    checked_renditions: tuple[str, ...] = ()
    # An operator moved the job out of the dead-letter queue.
    redriven: bool = False
    # The upload's SHA-256 was compared with the known hashes and is none of them.
    hash_checked: bool = False
    # What kept the version from being scanned may be over: a result such as GONE is looked at again.
    rescan: bool = False
    # With `rescan`: an operator wants any result again that was settled by then and is no match (ISO 8601, UTC).
    reopen_settled_until: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the body of the retry queue's message: JSON-compatible, one entry for each attribute."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """Size, first bytes, headers (lower case) and number of tags of an object, from one ranged GET."""

    size: int  # bytes of the whole object
    head: bytes
    content_encoding: str = ""
    content_type: str = ""
    tags: int = 0
    # `head` is the whole object and has the digest that S3 gives for it.
    proved: bool = True


@dataclass(frozen=True, slots=True)
class SourceObject:
    """The bytes of a version, if it is small enough, and what its uploader chose beside them."""

    # Empty where the object is larger than what was asked for.
    content: bytes = field(repr=False)
    content_type: str = ""
    last_modified: str = ""  # ISO 8601, UTC
    metadata: Mapping[str, str] = field(default_factory=dict)
    # By their names in S3's API, such as CacheControl.
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0  # bytes of the whole object
    # The uploader's own; None where nobody knows them.
    tags: Mapping[str, str] | None = None

    @property
    def is_large(self) -> bool:
        """Whether the bytes are to be streamed."""
        return self.size > len(self.content)


class Status(StrEnum):
    """The state of a version's record.

    PENDING -> CLEAN | SKIPPED | UNSCANNABLE | GONE | MATCHED -> QUARANTINED, with DEFERRED on the way, and FAILED when
    retrying has ended.
    """

    PENDING = "PENDING"
    DEFERRED = "DEFERRED"
    MATCHED = "MATCHED"
    CLEAN = "CLEAN"
    SKIPPED = "SKIPPED"
    UNSCANNABLE = "UNSCANNABLE"
    GONE = "GONE"
    QUARANTINED = "QUARANTINED"
    FAILED = "FAILED"

    @property
    def settled(self) -> bool:
        """Whether the upload's processing has ended."""
        return self not in (Status.PENDING, Status.DEFERRED, Status.MATCHED)


@dataclass(frozen=True, slots=True)
class QuarantinedCopy:
    """A copy in the quarantine bucket, verified and locked."""

    key: str
    version_id: str
    sha256: str  # hexadecimal
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a settled version that is no match: whether it may be read."""

    is_allowed: bool
    at: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """A version's record in the results table, as last read or written by this worker."""

    status: Status
    # The id of the lease. This worker's writes are conditional on it.
    lease: str
    # Requests made to the service.
    attempts: int = 0
    # Only the service's own sample pictures matched.
    is_test: bool = False
    copy: QuarantinedCopy | None = None
    # Of a large match that has no copy yet.
    digest: ContentDigest | None = None
    # The version matches or matched earlier, so its record does not expire.
    has_match_history: bool = False
    # In a bucket without versions: the same bytes under the same key were quarantined earlier.
    quarantined_before: bool = False
    received: float = 0.0  # epoch seconds
    # The settled event was published, or is not needed.
    published: bool = True
    # The object had no room for the scan-status tag.
    untagged: bool = False
    reason: str = ""
    decision: Decision | None = None
    # Nobody has noted yet that the tag says what was decided.
    awaits_decided_tag: bool = False
    # The item's attributes, for the evidence record. Empty unless the status is MATCHED.
    match_attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnsettledRecord:
    """The key of a record that is not settled, or whose settled event is not published."""

    upload: str
    version: str
    # The queue to which the sweep redelivers it: "retry" or "backfill".
    queue: str
    received: float  # epoch seconds
    # From then on its message counts as lost.
    overdue: int  # epoch seconds
