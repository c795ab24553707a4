"""The nouns: Upload, Delivery, Look, Source, Verdict, Status, Copy, ScanRecord. Frozen, no I/O."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of one object, as its event tells of it."""

    bucket: str
    key: str
    etag: str
    version_id: str | None = None  # None in a bucket without versions: then the ETag pins it
    size: int | None = None  # bytes
    sequencer: str = ""  # S3's order of the events of one key: hexadecimal, compared as text
    event_time: str = ""
    principal: str = ""
    source_ip: str = ""

    @property
    def id(self) -> str:
        """The results table's partition key."""
        return f"{self.bucket}/{self.key}"

    @property
    def version(self) -> str:
        """The results table's sort key."""
        return self.version_id or f"etag:{self.etag}"


@dataclass(frozen=True, slots=True)
class ScanJob:
    """An upload on its way through, with what earlier tries left behind."""

    upload: Upload
    failed_attempts: int = 0  # failed attempts so far; waiting is none
    backoff_seconds: float = 0.0  # seconds of back-off so far, which bound the trying
    send_bytes: bool = False  # the service could not use the URL: send the bytes
    redriven: bool = False  # an operator took it out of the dead-letter queue
    hash_checked: bool = False  # its bytes were no known match's when the service answered nobody

    def as_dict(self) -> dict[str, Any]:
        """The form in which the retry queue carries it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What the first ranged GET shows of an object."""

    size: int  # bytes, of the whole object
    head: bytes
    content_encoding: str = ""
    tags: int = 0  # so many it has
    proved: bool = True  # these are the object's bytes: S3 gave a digest of them


@dataclass(frozen=True, slots=True)
class SourceObject:
    """A version's bytes, and what S3 says of them."""

    content: bytes = field(repr=False)
    content_type: str = ""
    last_modified: str = ""  # ISO 8601, UTC
    metadata: Mapping[str, str] = field(default_factory=dict)  # the uploader's own


class Status(StrEnum):
    """Where a version stands."""

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
        """Whether the way of the upload ends here."""
        return self not in (Status.PENDING, Status.DEFERRED, Status.MATCHED)


@dataclass(frozen=True, slots=True)
class MatchFlag:
    """One source's match, in the results table's form."""

    source: str
    match_id: str | None = None
    violations: tuple[str, ...] = ()
    distance: int | None = None  # smaller is closer


class MatchOutcome(StrEnum):
    """What an answer of the service means for the upload."""

    NO_MATCH = "no-match"
    MATCH = "match"
    NOT_AN_IMAGE = "service-3206"  # not an image, as far as the service could see
    BAD_PARAMETER = "service-3002"
    WRONG_SIZE = "service-3208"
    THROTTLED = "throttled"
    UNAUTHORIZED = "unauthorized"
    UNAVAILABLE = "unavailable"  # no answer of the service at all: its servers fail, or nobody could be heard
    UNKNOWN = "unknown"

    @property
    def reached_service(self) -> bool:
        """Whether the service looked at the request."""
        return self not in (MatchOutcome.THROTTLED, MatchOutcome.UNAUTHORIZED, MatchOutcome.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer of the service, understood."""

    kind: MatchOutcome
    reason: str = ""
    tracking_id: str | None = None
    flags: tuple[MatchFlag, ...] = ()
    retry_after: float | None = None  # seconds

    @property
    def is_test(self) -> bool:
        """Whether only the service's own sample pictures matched: that proves the path, it is no incident."""
        return bool(self.flags) and all(flag.source == "Test" for flag in self.flags)


@dataclass(frozen=True, slots=True)
class QuarantinedCopy:
    """The quarantined copy of a version, verified and under lock."""

    key: str
    version_id: str
    sha256: str  # hexadecimal
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """A version's record, as the ledger gave it to the worker that now holds it."""

    status: Status
    lease: str  # proves that it is still ours when we write
    attempts: int = 0  # requests made to the service
    is_test: bool = False
    copy: QuarantinedCopy | None = None
    evidence: bool = False  # a match is or was known of it: the record does not expire
    quarantined_before: bool = False  # of the same bytes under the same key, in a bucket without versions
    received: float = 0.0  # epoch seconds
    published: bool = True  # those who listen were told how it ended
    untagged: bool = False  # it had no room for the scan-status tag
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # of a match, for its evidence: the item's own attributes


@dataclass(frozen=True, slots=True)
class UnsettledRecord:
    """A record that is not settled, or whose end was not announced."""

    upload: str  # "bucket/key"
    version: str
    queue: str
    received: float  # epoch seconds
    overdue: int  # epoch second from which on its message counts as lost


def to_iso(epoch: float) -> str:
    """An epoch second as results and evidence have it: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
