"""A match in a results table, as the functions write it, and the bytes of its copy."""

import hashlib
from dataclasses import replace

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import QuarantinedCopy, ScanJob, SourceObject, Status, Upload
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict

KEY = "album/a b|c.jpg"
URI, WHY = f"s3://uploads/{KEY}", ("--reason", "ticket 7", "--yes")
PICTURE = b"the bytes of a drawn picture"
SHA256 = hashlib.sha256(PICTURE).hexdigest()
UPLOAD = Upload(
    "uploads", KEY, "e-tag", "v1", len(PICTURE), "01", "2026-11-26T10:00:00.000Z", "AWS:AIDAUPLOADER", "203.0.113.9"
)
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-7", flags=(MatchFlag("NCMEC", "m-1", ("A1",), 12),))
SOURCE = SourceObject(PICTURE, "image/jpeg", "2026-11-26T10:00:00Z", {"album": "x"}, {}, len(PICTURE), {"owner": "u"})


def quarantine_match(table: ResultsTable, copy_version: str = "copy-version", is_test: bool = False) -> None:
    """Bring the upload into quarantine."""
    record = table.record_match(UPLOAD, table.claim(ScanJob(UPLOAD)), MATCH)
    copy = QuarantinedCopy("copy-key", copy_version, SHA256, len(PICTURE))
    record = table.record_copy(UPLOAD, record, copy, SOURCE)
    table.settle(UPLOAD, replace(record, is_test=is_test), Status.QUARANTINED, evidence_key="copy-key.json")
