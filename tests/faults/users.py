"""Users, and S3's events of what they do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.aws import s3_events
from tests.faults import pictures, proofs
from tests.faults.cached_clients import REGION
from tests.faults.cloud import ACCOUNT, UNVERSIONED, Cloud
from tests.faults.observed import Uploaded


@dataclass(eq=False)
class Pending:
    """An event on its way to the fast path. It may be delivered again after that."""

    event: Any
    due: float
    tries: int = 0
    delivered: bool = False


class Users:
    """The users of one bucket. `uploads` and delete `markers` are theirs; `events` are on their way."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.clock, self.calls = cloud, cloud.clock, cloud.calls
        self._s3 = cloud.session.client("s3")

    def begin(self, versioned: bool = True, proof: str = proofs.CHECKSUM) -> None:
        """Begin with an empty bucket. `proof` says what S3 has of each upload's bytes, of proofs.PROOFS."""
        self.bucket = self.cloud.physical("UploadBucket") if versioned else UNVERSIONED
        self.versioned, self.proof = versioned, proof
        self.uploads: list[Uploaded] = []
        self.markers: list[str] = []
        self.events: list[Pending] = []
        self._sequencer = 0

    def upload(self, picture: str, key: str = "a.jpg", tags: dict[str, str] | None = None) -> Uploaded:
        """Upload as a user does. S3's event of it is on its way."""
        content = pictures.BYTES[picture]
        tagging = {"Tagging": "&".join(f"{k}={v}" for k, v in tags.items())} if tags else {}
        answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, **tagging)
        self._overwrite(key)
        etag = proofs.leave(self.proof, self.cloud.s3.buckets[self.bucket].keys[key])
        made = Uploaded(self.bucket, key, answer.get("VersionId"), etag, content, picture, tags or {})
        self.uploads.append(made)
        self.events.append(Pending(self._event(made), self.clock.now()))
        return made

    def delete(self, upload: Uploaded) -> None:
        """Delete the version as its user does; without versions, whatever object is there."""
        version = {"VersionId": upload.version_id} if upload.version_id else {}
        self._s3.delete_object(Bucket=self.bucket, Key=upload.key, **version)
        if upload.version_id:
            upload.removed = True
        else:
            self._overwrite(upload.key)

    def mark_deleted(self, key: str) -> None:
        """Write a delete marker. The versions below it stay."""
        marker = self._s3.delete_object(Bucket=self.bucket, Key=key).get("VersionId")
        if marker:
            self.markers.append(marker)
        self._overwrite(key)

    def expect(self, event: Any) -> None:
        """Put another event on its way to the fast path."""
        self.events.append(Pending(event, self.clock.now()))

    def take_event(self, upload: Uploaded) -> Any:
        """Take the upload's event off its way to the fast path."""
        found = next(one for one in self.events if _names(one.event, upload))
        self.events.remove(found)
        return found.event

    def _overwrite(self, key: str) -> None:
        for upload in self.uploads:
            if upload.key == key and not upload.version_id:
                upload.removed = True

    def _event(self, made: Uploaded) -> Any:
        self._sequencer += 1
        creation = s3_events.Creation(
            event_name="ObjectCreated:Put",
            bucket=made.bucket,
            key=made.key,
            size=len(made.content),
            etag=made.etag,
            version_id=made.version_id,
            sequencer=f"{self._sequencer:018X}",
            region=REGION,
            account=ACCOUNT,
            access_key="AIDAUSER",
            source_ip="203.0.113.7",
            at=datetime.fromtimestamp(self.clock.now(), UTC),
        )
        return s3_events.make_notification(creation, "faults")


def _names(event: Any, upload: Uploaded) -> bool:
    s3 = event["Records"][0]["s3"]["object"]
    return bool(s3.get("versionId") == upload.version_id and s3["eTag"] == upload.etag)
