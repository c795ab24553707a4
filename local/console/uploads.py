"""Uploads what was dropped on the page, as a user does, and follows each upload until its verdict."""

from __future__ import annotations

import itertools
import re
import shlex
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from botocore.exceptions import ClientError

from local.console.results import UNSETTLED, Result, measure_seconds

MAX_BYTES = 32 * 1024 * 1024
MAX_KEY_BYTES = 1024
FOLLOWED_UPLOADS = 100
# The tag that lets users read is written after the result.
_TAGGED_WITHIN_SECONDS = 15.0
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
UPLOADED = "UPLOADED"
READABLE, DENIED, GONE, UNKNOWN = "readable", "denied", "gone", "unknown"
# An empty object has no first byte (416), and whoever is told so may read it.
_ACCESS_BY_HTTP_STATUS = {403: DENIED, 404: GONE, 416: READABLE}


class UploadRefusedError(ValueError):
    """The upload has no usable name, or S3 refused it. The message is for the page's user."""


class Feed(Protocol):
    """What has the results of versions of `bucket/key`."""

    def find(self, upload: str, version: str) -> Result | None:
        """Return the result of the last scan, if it found one."""

    def fetch(self, upload: str, version: str) -> Result | None:
        """Read the result now, if there is one."""


@dataclass
class FollowedUpload:
    """An upload that the page made. `access` is what a user met who tried to read it, before `result` was read."""

    number: int
    key: str
    version: str
    size: int
    made_at: float
    access: str = UNKNOWN
    result: Result = field(default_factory=dict)
    changed_at: float = 0.0

    @property
    def status(self) -> str:
        """The status of its result. Before the first function has claimed it, an upload has no record."""
        return self.result.get("status", UPLOADED)


class Uploads:
    """The uploads of the page. `s3` is the client of a user whom the bucket's policy binds."""

    def __init__(self, s3: Any, bucket: str, feed: Feed, now: Callable[[], float] = time.time) -> None:
        self._s3, self._bucket, self._feed, self._now = s3, bucket, feed, now
        self._made: deque[FollowedUpload] = deque(maxlen=FOLLOWED_UPLOADS)
        self._numbers = itertools.count(1)
        self._lock = Lock()

    def put(self, key: str, content: bytes, content_type: str = "") -> int:
        """Upload under that key, and return the upload's number on the page. Raises UploadRefusedError."""
        if not key or len(key.encode("utf-8", "replace")) > MAX_KEY_BYTES:
            raise UploadRefusedError(f"A key has 1 to {MAX_KEY_BYTES} bytes in UTF-8")
        given = {"ContentType": content_type} if _CONTENT_TYPE.fullmatch(content_type) else {}
        made_at = self._now()
        try:
            answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=content, **given)
        except (ClientError, UnicodeError) as error:
            raise UploadRefusedError(f"S3 refused the upload: {error}") from error
        with self._lock:
            upload = FollowedUpload(next(self._numbers), key, answer["VersionId"], len(content), made_at)
            self._made.appendleft(upload)
        return upload.number

    def refresh(self) -> None:
        """Observe the uploads that are open, or have changed of late."""
        for upload in self._list():
            if self._may_change(upload):
                self._observe(upload)

    def describe(self) -> list[dict[str, Any]]:
        """Return the uploads for the page, the newest first."""
        return [self._describe(upload) for upload in self._list()]

    def _list(self) -> list[FollowedUpload]:
        with self._lock:
            return list(self._made)

    def _may_change(self, upload: FollowedUpload) -> bool:
        if upload.status == UPLOADED or upload.status in UNSETTLED:
            return True
        scanned = self._feed.find(self._path(upload), upload.version)
        is_changed = scanned is not None and scanned["status"] != upload.status
        return is_changed or self._now() - upload.changed_at < _TAGGED_WITHIN_SECONDS

    def _observe(self, upload: FollowedUpload) -> None:
        """Try to read the upload, and then read its result: in that order nothing unsettled is shown as readable."""
        access, before = self._try_to_read(upload), upload.status
        upload.result, upload.access = self._feed.fetch(self._path(upload), upload.version) or {}, access
        if upload.status != before:
            upload.changed_at = self._now()

    def _path(self, upload: FollowedUpload) -> str:
        return f"{self._bucket}/{upload.key}"

    def _try_to_read(self, upload: FollowedUpload) -> str:
        wanted = {"Bucket": self._bucket, "Key": upload.key, "VersionId": upload.version}
        try:
            self._s3.get_object(**wanted, Range="bytes=0-0")["Body"].close()
        except ClientError as error:
            return _ACCESS_BY_HTTP_STATUS.get(error.response["ResponseMetadata"]["HTTPStatusCode"], UNKNOWN)
        return READABLE

    def _describe(self, upload: FollowedUpload) -> dict[str, Any]:
        return {
            "number": upload.number,
            "key": upload.key,
            "version": upload.version,
            "size": upload.size,
            "uploaded_at": datetime.fromtimestamp(upload.made_at, UTC).isoformat(timespec="milliseconds"),
            "status": upload.status,
            "reason": upload.result.get("reason", ""),
            "seconds": measure_seconds(upload.result),
            "access": upload.access,
            "command": f"guardctl show {shlex.quote(f's3://{self._path(upload)}')}",
        }
