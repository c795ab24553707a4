"""The functions of the stack: the handlers' own code, with a fresh application for each process and its own clock."""

import functools
import importlib.util
import io
import json
import logging
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from photodna_guard import bootstrap, scheduled, settings
from photodna_guard.handlers import on_retry, on_upload
from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE, RETRY, Priority
from photodna_guard.scanning.source_copier import MoveLimits
from tests.faults.calls import Process
from tests.faults.cloud import Cloud
from tests.faults.interleaving import locks_take_turns
from tests.faults.renderer import RecordedRenderer
from tests.faults.service import MatchService

ON_UPLOAD, ON_RETRY, ON_BACKFILL, ON_SWEEP = (
    "OnUploadFunction",
    "OnRetryFunction",
    "OnBackfillFunction",
    "OnSweepFunction",
)
HAS_SWEEP = importlib.util.find_spec("photodna_guard.handlers.on_sweep") is not None
QUEUE_OF = {ON_RETRY: "RetryQueue", ON_BACKFILL: "BackfillQueue"}
_LANES: dict[str, Priority] = {ON_UPLOAD: LIVE, ON_RETRY: RETRY, ON_BACKFILL: BACKFILL}


class Functions:
    """Starts processes of the functions. `log` is all that they wrote, `environment` is on top of the template's."""

    def __init__(self, cloud: Cloud, service: MatchService) -> None:
        self._cloud, self._service = cloud, service
        self.environment: dict[str, str] = {}
        # Where a match is large: as in production, so that no picture of these tests is one.
        self.move_limits = MoveLimits()
        self.log = io.StringIO()
        # pytest would keep every line.
        logging.getLogger("faults").propagate = False

    def timeout(self, function: str) -> float:
        """Return the function's time-out in seconds."""
        return float(self._cloud.resources[function].properties["Timeout"])

    def batch_size(self, function: str) -> int:
        """Return how many messages a batch of the function's queue has at most."""
        arn = next(r for r in self._cloud.resources.values() if r.type == "AWS::Lambda::EventSourceMapping"
                   and r.logical_id.startswith(function))  # fmt: skip
        return int(arn.properties["BatchSize"])

    def process(self, function: str) -> Process:
        """Return a new process of the function."""
        return Process(function, self._cloud.clock.now() + self.timeout(function))

    def work(self, process: Process, payload: Any) -> Callable[[], Any]:
        """Return what the process does with the payload. It returns or raises what the handler does."""
        handler = {ON_UPLOAD: self._on_upload, ON_SWEEP: self._on_sweep}.get(process.function, self._on_retry)
        return functools.partial(handler, process, payload)

    @contextmanager
    def logging(self) -> Any:
        """Write standard output to the functions' log until the end of the block."""
        was, sys.stdout = sys.stdout, self.log
        try:
            yield
        finally:
            sys.stdout = was

    def _on_upload(self, process: Process, event: Any) -> None:
        on_upload.process(self._built(process), event, self._left(process))

    def _on_retry(self, process: Process, event: Any) -> dict[str, Any]:
        return on_retry.process(self._built(process), event, self._left(process))

    def _on_sweep(self, process: Process, event: Any) -> None:
        conf = settings.from_environment(self._variables(process.function))
        sweep = scheduled.build_sweeper(conf, self._cloud.session, self._cloud.clock.now)
        with sweep.telemetry.flushing():
            sweep.run()

    def _built(self, process: Process) -> Any:
        clock, baton = self._cloud.clock, self._cloud.baton

        def sleep(seconds: float) -> None:
            baton.sleep(seconds)
            self._cloud.calls.alive()

        conf, lane = settings.from_environment(self._variables(process.function)), _LANES[process.function]
        service: Any = self._service
        renderer, session = RecordedRenderer(self._cloud), self._cloud.session
        with locks_take_turns(baton):
            return bootstrap.build(conf, lane, session, clock.now, sleep, service, renderer, self.move_limits)

    def _variables(self, function: str) -> dict[str, str]:
        variables = self._cloud.resources[function].properties["Environment"]["Variables"]
        return {name: str(value) for name, value in variables.items()} | self.environment

    def _left(self, process: Process) -> float:
        return process.ends_at - self._cloud.clock.now()


def failed_invocation(event: Any) -> str:
    """Return what Lambda sends to the on-failure destination."""
    record = {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }
    return json.dumps(record)
