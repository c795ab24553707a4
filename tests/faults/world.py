"""The world around the application: users, S3's events, Lambda's retries, SQS, the sweep's schedule and the clock.

A test says what is delivered when, how often and in which order. `drain` goes on until nothing is left.
"""

import random

from tests.faults import invariants, proofs
from tests.faults.cloud import KEY, Cloud
from tests.faults.deliveries import Deliveries
from tests.faults.functions import HAS_SWEEP, QUEUE_OF
from tests.faults.observed import SeenRequest, State
from tests.faults.state import read_state

UNSETTLED = ("PENDING", "DEFERRED", "MATCHED")
SWEEP_SECONDS = 300.0
# A world that is not at rest after so many deliveries is a fault.
MAX_DELIVERIES = 400


class World(Deliveries):
    """One run, begun anew for each schedule. `vanished` says whether a message was lost, which no service does."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.begin()

    def begin(self, versioned: bool = True, proof: str = proofs.CHECKSUM, **environment: str) -> None:
        """Begin an empty world."""
        self.cloud.reset()
        self.service.reset()
        random.seed(0)
        super().begin(versioned, proof, **environment)
        self.secrets = [KEY, "THE-SECRET-ACCESS-KEY", "THE-SESSION-TOKEN"]
        self.vanished = False
        self.violations_so_far: list[str] = []
        self.calls.after_each = self._after_call
        self.service.on_request = self._check_request

    def drain(self, heal: bool = True) -> None:
        """Heal everything, and deliver whatever is due, moving the clock on, until nothing is left to be done."""
        if heal:
            self.calls.heal()
        for _ in range(MAX_DELIVERIES):
            if not self._deliver_next():
                break
        else:
            self.violations_so_far.append("the world does not come to rest")
        self.state = self.read()

    def read(self) -> State:
        """Return what is there now, for the invariants."""
        return read_state(self)

    def check(self) -> None:
        """Raise AssertionError after `drain`, with a sentence for each invariant that does not hold."""
        wrong = self.violations()
        assert not wrong, "\n".join(wrong)

    def violations(self) -> list[str]:
        """Return a sentence for each invariant that does not hold after `drain`, or did not before."""
        return [*dict.fromkeys(self.violations_so_far), *invariants.violations_at_end(self.state)]

    def _deliver_next(self) -> bool:
        events = [one for one in self.events if not one.delivered]
        queued = [(one.due, function) for function, name in QUEUE_OF.items() for one in self.queues[name]]
        dues = [one.due for one in events] + [due for due, _ in queued]
        if not dues and not self._unsettled():
            return False
        if not dues and not self.vanished:
            self.violations_so_far.append("nothing but the sweep leads on")
            # One sentence is enough.
            self.vanished = True
        sweep_due = self._swept + SWEEP_SECONDS
        if HAS_SWEEP and (not dues or min(dues) > sweep_due):
            self.clock.time = max(self.clock.time, sweep_due)
            self.sweep()
            return True
        if not dues:
            return False
        self.clock.time = max(self.clock.time, min(dues))
        if ready := [one for one in events if one.due <= self.clock.now()]:
            self.deliver(ready[0])
        else:
            self._deliver_due()
        return True

    def _deliver_due(self) -> None:
        for function, name in QUEUE_OF.items():
            due = [one for one in self.queues[name] if one.due <= self.clock.now()]
            if due:
                self.deliver_messages(*due[: self.functions.batch_size(function)], function=function)

    def _unsettled(self) -> bool:
        """Return whether the sweep may find something to do."""
        items = self.cloud.items("ResultsTable")
        return any("unsettled" in item or item["status"]["S"] in UNSETTLED for item in items)

    def _after_call(self, name: str) -> None:
        """Check what must hold at each moment after a call that has changed something."""
        if name in ("sqs.SendMessage", "sqs.SendMessageBatch"):
            self._harvest()
        if name.startswith(("s3.Delete", "s3.Put")):
            self.violations_so_far += [f"after {name}: {what}" for what in invariants.violations_at_once(self.read())]

    def _check_request(self, request: SeenRequest) -> None:
        if request.source and (sentence := invariants.needless_request(self.read(), request)):
            self.violations_so_far.append(sentence)
