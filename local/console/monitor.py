"""Observes the embedded cloud for the page: all the time what costs nothing, the rest while somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.aws import template
from local.console.alarm_watch import AlarmWatch
from local.console.rate import RateCounter
from local.console.results import Result, ResultsFeed, measure_seconds
from local.console.samples import Samples
from local.console.uploads import MAX_BYTES, UploadRefusedError, Uploads
from local.stack import TEMPLATE, EmbeddedCloud
from ops.guardctl.status import read_status
from ops.guardctl.target import Target, connect_embedded

SHOWN_RESULTS = 50
# A page asks every second; one in the background seldom.
LOOKED_AT_SECONDS = 5.0
_TICK_SECONDS = 1.0
_STATUS_SAMPLE_SECONDS = 2.0


class Monitor:
    """A context manager: within it, what the page shows is kept up to date."""

    def __init__(self, cloud: EmbeddedCloud, feed: ResultsFeed, logs: Path) -> None:
        self._cloud, self._feed = cloud, feed
        self._uploads = Uploads(cloud.user_client("s3"), cloud.endpoints.upload_bucket, feed)
        self._samples = Samples(cloud.emulator)
        self._rate = RateCounter(cloud.emulator.requests, time.time) if cloud.emulator else None
        self._alarms = AlarmWatch(template.load(TEMPLATE), logs, cloud.stats, self._count_messages)
        self._status: dict[str, Any] | None = None
        self._target: Target | None = None
        self._problems: dict[str, str] = {}
        self._asked_at = 0.0
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(name, action, seconds), daemon=True)
            for name, action, seconds in [
                ("page", self._observe, _TICK_SECONDS),
                ("status", self._read_status, 0.0),
            ]
        ]

    def __enter__(self) -> Monitor:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()

    def state(self) -> dict[str, Any]:
        """Return what the page shows, as JSON values."""
        self._asked_at = time.monotonic()
        at = self._cloud.endpoints
        return {
            "at": time.time(),
            "stack": {"endpoint": at.aws_endpoint_url, "bucket": at.upload_bucket, "table": at.results_table},
            "limits": {"max_bytes": MAX_BYTES},
            "samples": self._samples.kinds,
            "uploads": self._uploads.describe(),
            "results": [_describe_result(one) for one in self._feed.recent(SHOWN_RESULTS)],
            "result_count": len(self._feed),
            "status": self._status,
            "rate": self._rate.per_second() if self._rate else None,
            "alarms": self._alarms.describe(),
            "problems": list(self._problems.values()),
        }

    def upload(self, key: str, content: bytes, content_type: str) -> int:
        """Upload a file as a user, and return the upload's number on the page. Raises UploadRefusedError."""
        return self._uploads.put(key, content, content_type)

    def upload_sample(self, kind: str) -> int:
        """Upload a drawn picture, and return the upload's number on the page. Raises UploadRefusedError."""
        if kind not in self._samples.kinds:
            raise UploadRefusedError("There is no such sample here")
        return self._uploads.put(*self._samples.make(kind), "image/jpeg")

    @property
    def is_looked_at(self) -> bool:
        """Whether a page is open."""
        return time.monotonic() - self._asked_at < LOOKED_AT_SECONDS

    def _repeat(self, name: str, action: Callable[[], None], seconds: float) -> None:
        """Repeat until the end. A failure is shown on the page, and the next turn tries again."""
        while not self._ending.wait(seconds):
            try:
                action()
                self._problems.pop(name, None)
            except Exception as error:  # noqa: BLE001 - whatever fails is shown, and the page goes on
                self._problems[name] = f"{name}: {type(error).__name__}: {error}"
                self._ending.wait(_TICK_SECONDS)

    def _observe(self) -> None:
        if self.is_looked_at:
            self._uploads.refresh()
            self._alarms.sample_queues()
            if self._rate:
                self._rate.refresh()
        self._alarms.refresh()

    def _read_status(self) -> None:
        if not self.is_looked_at:
            self._ending.wait(_TICK_SECONDS / 4)
            return
        if self._target is None:
            at = self._cloud.endpoints
            self._target = connect_embedded(at.aws_endpoint_url, at.region)
        self._status = read_status(self._target, _STATUS_SAMPLE_SECONDS)

    def _count_messages(self, logical_id: str) -> int:
        name = "ApproximateNumberOfMessages"
        queue = self._cloud.resource(logical_id)
        answer = self._cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
        return int(answer["Attributes"][name])


def _describe_result(result: Result) -> dict[str, Any]:
    return {
        "upload": result["upload"].partition("/")[2],
        "version": result["version"],
        "status": result["status"],
        "reason": result.get("reason", ""),
        "received_at": result["received_at"],
        "seconds": measure_seconds(result),
        "is_test": result.get("is_test", "") == "True",
    }
