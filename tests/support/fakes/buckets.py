"""Fakes of the two buckets and of the deletion limit."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import IO, BinaryIO

from photodna_guard.domain.content_digest import ContentDigest, digest_of
from photodna_guard.domain.errors import AwaitingOperatorError, ObjectGoneError, RetryableError
from photodna_guard.domain.models import ObjectHead, QuarantinedCopy, SourceObject, Upload
from photodna_guard.domain.releases import Release
from photodna_guard.domain.scan_scope import EVERYTHING, ScanScope
from tests.support.fakes.failing import Failing


@dataclass
class FakeUploadBucket(Failing):
    objects: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    full: bool = False  # of the user's own tags: no room for one more
    own_tags: int = 0
    replaced: list[str] = field(default_factory=list)  # the keys whose own tags gave way to the status tag
    # What is there when it is read once more.
    sha256: str = ""
    hash_proved: bool = True
    heads: list[bytes] = field(default_factory=list)  # that the next looks show instead of the true one
    # Of the object, where another than that of its bytes is stated.
    size: int = 0
    content_encoding: str = ""
    content_type: str = ""
    proved: bool = True  # whether S3 has a digest of what is looked at

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        self.call("read_head")
        data = self._bytes(upload)
        if self.heads:
            data = self.heads.pop(0)
        return ObjectHead(
            self.size or len(data),
            data[:head_bytes],
            self.content_encoding,
            self.content_type,
            tags=self.own_tags,
            proved=self.proved,
        )

    def read_object(self, upload: Upload, max_bytes: int | None = None) -> SourceObject:
        self.call("read_object")
        data = self._bytes(upload)
        is_small = max_bytes is None or len(data) <= max_bytes
        return SourceObject(data if is_small else b"", size=len(data))

    def download(self, upload: Upload, to: IO[bytes]) -> None:
        self.call("download")
        to.write(self._bytes(upload))

    def hash_object(self, upload: Upload) -> ContentDigest:
        self.call("hash_object")
        digest = replace(digest_of(self._bytes(upload)), is_proved=self.hash_proved)
        return replace(digest, sha256=self.sha256) if self.sha256 else digest

    @contextmanager
    def open_object(self, upload: Upload, size: int) -> Iterator[BinaryIO]:
        self.call("open_object")
        yield BytesIO(self._bytes(upload))

    def read_own_tags(self, upload: Upload) -> dict[str, str]:
        self.call("read_own_tags")
        self._bytes(upload)
        return {f"own{n}": "x" for n in range(self.own_tags)}

    def presign(self, upload: Upload) -> str:
        self.call("presign")
        return f"https://s3/{upload.key}?versionId={upload.version_id}&X-Amz-Signature=5ec2e7"

    def set_status_tag(self, upload: Upload, value: str, own_tags: Mapping[str, str] | None = None) -> bool:
        self.call("set_status_tag")
        self._bytes(upload)
        if not self.full:
            self.tags[upload.key] = value
        return not self.full

    def set_own_tags(self, upload: Upload, tags: Mapping[str, str]) -> None:
        self.call("set_own_tags")
        self._bytes(upload)
        self.tags.pop(upload.key, None)
        self.replaced = [key for key in self.replaced if key != upload.key]

    def set_only_status_tag(self, upload: Upload, value: str) -> None:
        self.call("set_only_status_tag")
        self._bytes(upload)
        self.tags[upload.key] = value
        self.replaced.append(upload.key)

    def delete_version(self, upload: Upload) -> None:
        self.call("delete_version")
        self.objects.pop(upload.key, None)

    def _bytes(self, upload: Upload) -> bytes:
        if upload.key not in self.objects:
            raise ObjectGoneError("deleted")
        return self.objects[upload.key]


@dataclass
class FakeQuarantineBucket(Failing):
    copies: dict[str, tuple[bytes, bool]] = field(default_factory=dict)
    evidence: dict[str, bytes] = field(default_factory=dict)

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        self.call("store_copy")
        self.copies[upload.key] = source.content, is_test
        return self._copy(upload)

    def store_stream(self, upload: Upload, body: BinaryIO, digest: ContentDigest, is_test: bool) -> QuarantinedCopy:
        self.call("store_stream")
        content = body.read()
        if digest_of(content).sha256 != digest.sha256:
            raise RetryableError("s3:PutObject: BadDigest")
        self.copies[upload.key] = content, is_test
        return self._copy(upload)

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        self.call("find_copy")
        return self._copy(upload) if upload.key in self.copies else None

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        self.call("store_evidence")
        self.evidence.setdefault(key, evidence)

    def store_beside(self, upload: Upload, name: str, record: bytes, is_test: bool) -> str:
        self.store_evidence(f"{upload.key}/{name}", record, is_test)
        return f"{upload.key}/{name}"

    def _copy(self, upload: Upload) -> QuarantinedCopy:
        digest = digest_of(self.copies[upload.key][0])
        return QuarantinedCopy(f"quarantined/{upload.key}", "q1", digest.sha256, digest.size)


@dataclass
class FakeReleaseList(Failing):
    releases: list[Release] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # that were asked for

    def find(self, size: int) -> list[Release]:
        self.call("find")
        self.sizes.append(size)
        return self.releases


@dataclass
class FakeScanRules:
    """What is left out is whatever `scope` says."""

    scope: ScanScope = EVERYTHING

    def find_reason_to_skip(self, upload: Upload) -> str:
        return self.scope.find_reason_to_skip(upload)


@dataclass
class FakeDeletionLimit(Failing):
    is_tripped: bool = False

    def acquire(self, upload: Upload) -> None:
        self.call("acquire")
        if self.is_tripped:
            raise AwaitingOperatorError("too many")
