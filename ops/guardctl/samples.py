"""The canary's sample and its runs, as an operator sets, starts and reads them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from ops.errors import CannotProceedError
from ops.guardctl.printing import format_time
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.domain.canary import MAX_SAMPLE_BYTES, CanaryOutcome, Sample, SampleName
from photodna_guard.imaging.file_types import detect_type

_PARTITION = "canary"
# What the service takes as it is.
_MEDIA_TYPES = {name: f"image/{name}" for name in ("jpeg", "png", "gif", "bmp", "tiff")}
# The function waits for 150 s at most, and Lambda may start it late.
RUN_SECONDS = 180.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was recorded. `at`: ISO 8601."""

    at: str
    outcome: CanaryOutcome
    reason: str
    tracking_id: str | None

    def describe(self) -> str:
        """Say in one sentence what came of the sample, and what to do about it."""
        match self.outcome:
            case CanaryOutcome.TEST:
                return "The sample came back as Test: key, endpoint and answer are right"
            case CanaryOutcome.DEFERRED:
                return f"The sample got no answer ({self.reason}). Uploads get none either; see guardctl status"
            case CanaryOutcome.FAILED:
                return f"The sample did not come back as Test ({self.reason}). {_advise(self.reason)}"


def _advise(reason: str) -> str:
    if "401" in reason or "key" in reason:
        return "Put the right subscription key into the secret (output SubscriptionKeySecret)"
    if reason.startswith("http-"):
        return "Something else than the operation answers: correct the parameter MatchEndpoint"
    return "Is the picture one of the service's sample set, as you were given it? Then ask Microsoft"


def read_sample(path: Path) -> Sample:
    """Read a picture. Raises CannotProceedError for one that cannot be sent as it is."""
    try:
        size = path.stat().st_size
        picture = path.read_bytes() if size <= MAX_SAMPLE_BYTES else b""
    except OSError as error:
        raise CannotProceedError(f"{path} cannot be read: {error.strerror}") from None
    if size > MAX_SAMPLE_BYTES:
        raise CannotProceedError(f"{path} has {size:,} bytes. Take a sample of at most {MAX_SAMPLE_BYTES:,}")
    kind = detect_type(picture) or ""
    if kind not in _MEDIA_TYPES:
        raise CannotProceedError(f"{path} is no picture of a type that the service takes: {', '.join(_MEDIA_TYPES)}")
    return Sample(picture, _MEDIA_TYPES[kind])


class Samples:
    """The samples of a stack and their last runs. Methods raise botocore's errors."""

    def __init__(self, target: Target) -> None:
        client = target.client("dynamodb")
        self._operations = OperatedTable(client, target.stack.output("OperationsTableName"))
        self._runs = OperatedTable(client, target.stack.output("RateLimiterTableName"))
        self._target = target

    def store(self, name: SampleName, sample: Sample) -> None:
        """Let the canary send this sample from now on."""
        self._put(name, picture=sample.picture, media_type=sample.media_type, bytes=len(sample.picture))

    def clear(self, name: SampleName) -> None:
        """Let the canary send nothing. Who did so is kept."""
        self._put(name)

    def describe(self, name: SampleName) -> dict[str, Any]:
        """Return who set the sample, when, and its size, without the picture; empty where none is set."""
        for item in self._operations.query("partition", _PARTITION):
            if item["id"] == name and "picture" in item:
                return {key: item[key] for key in ("by", "at", "media_type", "bytes")}
        return {}

    def last_run(self, name: SampleName) -> Run | None:
        """Return the last run; None before the first."""
        return _parse_run(self._read_run(name))

    def run(self, name: SampleName) -> Run:
        """Have the function send the sample now, and wait for what comes of it. Raises CannotProceedError."""
        run_id, began = uuid4().hex, self._target.now()
        payload = json.dumps({"sample": name, "run_id": run_id}).encode()
        function = self._target.stack.output("CanaryFunctionArn")
        self._target.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
        while self._target.now() - began < RUN_SECONDS:
            item = self._read_run(name)
            if item.get("run_id") == run_id and (run := _parse_run(item)):
                return run
            self._target.sleep(_POLL_SECONDS)
        raise CannotProceedError(
            f"OnCanaryFunction has recorded no run for {RUN_SECONDS:g} s. Its log says why: it is throttled, or fails"
        )

    def _put(self, name: SampleName, **values: object) -> None:
        own = {"partition": _PARTITION, "id": name.value, "by": self._target.who, "at": format_time(self._target.now())}
        self._operations.put(own | values)

    def _read_run(self, name: SampleName) -> dict[str, Any]:
        return self._runs.read(limiter=f"canary-{name.value}")


def _parse_run(item: dict[str, Any]) -> Run | None:
    if not item:
        return None
    return Run(item["at"], CanaryOutcome(item["outcome"]), item["reason"], item.get("tracking_id"))
