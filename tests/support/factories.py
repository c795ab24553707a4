"""One upload with what the application records of it, and an upload of a bucket without versions."""

from photodna_guard.domain.models import QuarantinedCopy, SourceObject, Upload
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict

UPLOAD = Upload("uploads", "a b+c.jpg", "etag", "v1", 7, "0010", "2027-01-15T08:00:00Z", "AWS:AIDA", "192.0.2.1")
UNVERSIONED_UPLOAD = Upload("uploads", "a.jpg", "etag", sequencer="0010")
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-1", flags=(MatchFlag("Other", "7", ("A1",), 3),))
COPY = QuarantinedCopy("key", "qv", "5ha", 7)
SOURCE = SourceObject(b"picture", "image/jpeg", "2027-01-15T07:59:59+00:00", {"album": "holiday"})
