"""One upload on its way through this worker, and how far it has come."""

import math
from dataclasses import dataclass

import requests

from photodna_guard.domain.models import ScanJob, ScanRecord, Status, Upload


@dataclass(slots=True)
class Scan:
    """The one thing here that changes: the scanner fills it in as it goes."""

    delivery: ScanJob
    record: ScanRecord | None = None  # from begin on
    request: requests.PreparedRequest | None = None  # ready to be sent at a slot
    media_type: str = ""  # of a picture that the service takes
    head: bytes = b""  # its first bytes, from which that was seen
    bare: bool = False  # it had no tags when it was looked at
    deadline: float = math.inf  # epoch second after which no request may leave: its answer would come too late
    unfinished: bool = False  # neither settled nor deferred: deliver it again

    @property
    def upload(self) -> Upload:
        """What is scanned."""
        return self.delivery.upload

    @property
    def begun(self) -> ScanRecord:
        """The record, where there must be one."""
        assert self.record, "no record before begin"  # noqa: S101
        return self.record

    @property
    def matched(self) -> bool:
        """Whether a match is known that is not in quarantine yet."""
        return self.record is not None and self.record.status is Status.MATCHED
