"""The checked uploads of a run, from which results.json and the report are made."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from local.demo.overview import Group, group_uploads
from local.demo.rate import Rate
from local.demo.results import Result
from local.demo.upload import UploadedVersion


@dataclass(frozen=True)
class CheckedUpload:
    """One uploaded version with its result. `status` is "" if there is none."""

    key: str
    kind: str
    version: str
    # Any of these statuses is right.
    expected: list[str]
    status: str
    reason: str
    is_test: bool
    matches: list[dict[str, Any]]
    seconds_to_verdict: float | None
    as_expected: bool
    # What the service got: "url", "bytes" or "rendition"; "" without a request.
    representation: str = ""
    # How many frames were looked at, and how many there are; None where none was decoded.
    frames_seen: int | None = None
    frames_total: int | None = None
    # The 0-based index of the frame that matched.
    matched_frame: int | None = None

    @property
    def frames(self) -> str:
        """Describe the frames of an animation, counted from 1; "" for a single picture."""
        if self.frames_total is None or self.frames_total < 2:
            return ""
        if self.matched_frame is None:
            return f"{self.frames_seen} of {self.frames_total} frames seen"
        return f"frame {self.matched_frame + 1} of {self.frames_total}, {self.frames_seen} seen"


@dataclass(frozen=True)
class Run:
    """A whole run."""

    pictures: list[CheckedUpload]
    rate: Rate
    # From the first upload to the last verdict.
    seconds: float
    problems: list[str] = field(default_factory=list)
    # The user's files that could not be uploaded.
    left_out: list[str] = field(default_factory=list)
    # One more upload, which is not among the pictures: no other one waited when it was made. None if it was not made.
    alone: CheckedUpload | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the content of results.json."""
        return {
            "pictures": [asdict(checked_upload) for checked_upload in self.pictures],
            "summary": self.summary(),
            "alone": asdict(self.alone) if self.alone else None,
            "rate": asdict(self.rate),
            "problems": self.problems,
            "left_out": self.left_out,
        }

    def summary(self) -> dict[str, Any]:
        """Count the uploads by status, and sum up their times."""
        times = self.times()
        return {
            "pictures": len(self.pictures),
            "as_expected": sum(checked_upload.as_expected for checked_upload in self.pictures),
            "by_status": dict(Counter(checked_upload.status or "no verdict" for checked_upload in self.pictures)),
            "by_group": {group.name: group.count for group in self.groups()},
            "seconds": round(self.seconds, 2),
            "median_seconds_to_verdict": round(statistics.median(times), 3) if times else None,
            "slowest_seconds_to_verdict": max(times, default=None),
            "alone_seconds_to_verdict": self.alone.seconds_to_verdict if self.alone else None,
        }

    def groups(self) -> list[Group]:
        """Return the uploads by what became of them: a verdict, no scan and why, or still open."""
        return group_uploads(self.pictures)

    def times(self) -> list[float]:
        """Return the seconds to verdict of every upload that has one."""
        return [one.seconds_to_verdict for one in self.pictures if one.seconds_to_verdict is not None]


def make_checked_upload(uploaded: UploadedVersion, result: Result | None, problems: Sequence[str]) -> CheckedUpload:
    """Combine an upload and its result. Without a result there is no status and no time."""
    values, picture = result or {}, uploaded.picture
    return CheckedUpload(
        key=picture.key,
        kind=picture.kind,
        version=uploaded.version,
        expected=sorted(picture.expected),
        status=values.get("status", ""),
        reason=values.get("reason") or "",
        is_test=bool(values.get("is_test")),
        matches=values.get("matches") or [],
        seconds_to_verdict=_seconds_to_verdict(uploaded.began_at, values.get("settled_at")),
        as_expected=not problems,
        representation=values.get("representation") or "",
        frames_seen=values.get("frames_seen"),
        frames_total=values.get("frames_total"),
        matched_frame=values.get("matched_frame"),
    )


def _seconds_to_verdict(began_at: float, settled_at: str | None) -> float | None:
    if not settled_at:
        return None
    # The application's clock may be coarser than ours, and put the end before the beginning.
    return round(max(0.0, datetime.fromisoformat(settled_at).timestamp() - began_at), 3)
