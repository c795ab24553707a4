"""The rules of the scan's scope in the operations table, read once in a minute."""

import threading
import time
from collections.abc import Callable

from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Upload
from photodna_guard.domain.scan_scope import EVERYTHING, PARTITION, ScanScope, parse_scope

# A changed rule holds from then on at the latest.
_KEPT_SECONDS = 60.0


class ScanRules:
    """The scope as the table has it. Where it cannot be read the last known one holds, and everything before that."""

    def __init__(self, table: Table, now: Callable[[], float] = time.time) -> None:
        """`now`: epoch seconds."""
        self._table, self._now = table, now
        self._scope: ScanScope = EVERYTHING
        self._expires = 0.0
        self._lock = threading.Lock()

    def find_reason_to_skip(self, upload: Upload) -> str:
        """Return why an operator left this upload unscanned; empty where it is to be scanned."""
        # A batch is scanned in threads. All wait for the one that reads: a new container knew no rule otherwise.
        with self._lock:
            if self._now() >= self._expires:
                self._scope = self._read()
                self._expires = self._now() + _KEPT_SECONDS
        return self._scope.find_reason_to_skip(upload)

    def _read(self) -> ScanScope:
        try:
            return parse_scope(self._table.query_partition("partition", PARTITION))
        except (DeferrableError, RetryableError):
            # To scan what could be left out is always right, and no upload waits for this table.
            return self._scope
