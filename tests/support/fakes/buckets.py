"""Fakes of the two buckets and of the deletion limit."""

from dataclasses import dataclass, field
from typing import IO

from photodna_guard.domain.errors import AwaitingOperatorError, ObjectGoneError
from photodna_guard.domain.models import ObjectHead, QuarantinedCopy, SourceObject, Upload
from tests.support.fakes.failing import Failing


@dataclass
class FakeUploadBucket(Failing):
    objects: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    full: bool = False  # of the user's own tags: no room for one more
    own_tags: int = 0
    blindly: list[str] = field(default_factory=list)  # the values that were set without reading the tags before
    sha256: str = "5ha256"  # of what is there when it is read once more
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

    def read_object(self, upload: Upload) -> SourceObject:
        self.call("read_object")
        return SourceObject(self._bytes(upload))

    def download(self, upload: Upload, to: IO[bytes]) -> None:
        self.call("download")
        to.write(self._bytes(upload))

    def hash_object(self, upload: Upload) -> str:
        self.call("hash_object")
        self._bytes(upload)
        return self.sha256

    def presign(self, upload: Upload) -> str:
        self.call("presign")
        return f"https://s3/{upload.key}?versionId={upload.version_id}&X-Amz-Signature=5ec2e7"

    def set_status_tag(self, upload: Upload, value: str, bare: bool = False) -> bool:
        self.call("set_status_tag")
        self._bytes(upload)
        if not self.full:
            self.tags[upload.key] = value
        if bare:
            self.blindly.append(value)
        return not self.full

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
        return QuarantinedCopy(f"quarantined/{upload.key}", "q1", "5ha256", len(source.content))

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        self.call("find_copy")
        if upload.key not in self.copies:
            return None
        return QuarantinedCopy(f"quarantined/{upload.key}", "q1", "5ha256", len(self.copies[upload.key][0]))

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        self.call("store_evidence")
        self.evidence.setdefault(key, evidence)


@dataclass
class FakeDeletionLimit(Failing):
    is_tripped: bool = False

    def acquire(self, upload: Upload) -> None:
        self.call("acquire")
        if self.is_tripped:
            raise AwaitingOperatorError("too many")
