"""Makes valid values for the tests of the demo."""

from typing import Any

from local.demo.checked_upload import CheckedUpload, Run
from local.demo.picture import CLEAN, Picture
from local.demo.rate import Rate, Second
from local.demo.upload import UploadedVersion

BUCKET = "uploads"
HOSTILE_NAME = "<img src=x onerror=alert(1)>.jpg"


def picture(key: str = "a.jpg", **changes: Any) -> Picture:
    values: dict[str, Any] = {"kind": "clean JPEG", "expected": CLEAN, "content": b"bytes"}
    return Picture(key=key, **values | changes)


def uploaded(key: str = "a.jpg", version: str = "v1", **changes: Any) -> UploadedVersion:
    return UploadedVersion(picture(key, **changes), BUCKET, version, began_at=1_000.0)


def checked_upload(**changes: Any) -> CheckedUpload:
    values: dict[str, Any] = {
        "key": "a.jpg",
        "kind": "clean JPEG",
        "version": "v1",
        "expected": ["CLEAN"],
        "status": "CLEAN",
        "reason": "",
        "is_test": False,
        "matches": [],
        "seconds_to_verdict": 0.42,
        "as_expected": True,
    }
    return CheckedUpload(**values | changes)


def run(*checked_uploads: CheckedUpload, **changes: Any) -> Run:
    rate = Rate(limit=10, requests=9, largest_window=7, refused_429=1, per_second=[Second(6, 0), Second(2, 1)])
    values: dict[str, Any] = {"pictures": list(checked_uploads), "rate": rate, "seconds": 3.0}
    return Run(**values | changes)
