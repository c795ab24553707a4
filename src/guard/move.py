"""The move of a match into quarantine, a sequence that may stop at any line and be run again.

    MATCHED written -> copied under lock, verified -> that written -> source deleted -> QUARANTINED written

The source goes only after the table says that its verified copy is under lock. A run that finds that written does not
copy again; one that stopped between the copy and that line leaves a second locked version of the copy, and no harm.
"""

from contextlib import suppress
from dataclasses import replace

from guard.errors import Gone
from guard.model import ScanRecord, Status, Upload, Verdict
from guard.ports import Ledger, Quarantine, Uploads


class Move:
    """Moves matches. Its methods raise Gone, Held, Busy and TryAgain."""

    def __init__(self, ledger: Ledger, uploads: Uploads, quarantine: Quarantine) -> None:
        self._ledger, self._uploads, self._quarantine = ledger, uploads, quarantine

    def intend(self, upload: Upload, record: ScanRecord, verdict: Verdict) -> ScanRecord:
        """Writes down the match before anything is moved, so that the service need not be asked again."""
        self._ledger.matched(upload, record, verdict, self._quarantine.key(upload))
        return replace(record, status=Status.MATCHED, is_test=verdict.is_test, evidence=True)

    def finish(self, upload: Upload, record: ScanRecord) -> None:
        """Takes a match from wherever the last run stopped into quarantine."""
        if not record.copy:
            copy = self._quarantine.keep(upload, self._uploads.read(upload), record.is_test)
            self._ledger.copied(upload, record, copy)
        with suppress(Gone):
            self._uploads.delete(upload)
        self._ledger.settle(upload, record, Status.QUARANTINED)
