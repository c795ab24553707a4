"""What becomes of a version that S3 does not find. Pure.

For a quarter of an hour after versioning was switched on in a bucket, S3 may answer 404 to requests for what was
uploaded since (Amazon S3 User Guide, "Enabling versioning on buckets"). Nothing tells that from a deletion but time.
"""

from datetime import datetime

from photodna_guard.domain.models import ScanRecord, Status, Upload
from photodna_guard.scanning.outcomes import Defer, Settle

# From this age on a version that is not found was deleted.
SETTLED_AGE_SECONDS = 3600.0
NOT_FOUND_YET = "not found yet"
_MIN_WAIT_SECONDS = 30.0


def decide_missing(upload: Upload, record: ScanRecord, reason: str, now: float) -> Settle | Defer:
    """Return until when a version that is not found is to be looked for again, or that it is GONE for good.

    It waits as long again as it is old: about ten tries in an hour. `now`: epoch seconds.
    """
    age = now - _created(upload, record)
    if age >= SETTLED_AGE_SECONDS:
        return Settle(Status.GONE, reason)
    wait = min(max(age, _MIN_WAIT_SECONDS), SETTLED_AGE_SECONDS - age)
    return Defer(NOT_FOUND_YET, now + wait)


def is_dated(upload: Upload) -> bool:
    """Return whether the upload itself says when it was made. The record's time begins anew when it is reopened."""
    return _event_time(upload) is not None


def _created(upload: Upload, record: ScanRecord) -> float:
    """Return the epoch seconds of the upload, or where its event does not say them, those of its first claim."""
    event_time = _event_time(upload)
    return record.received if event_time is None else min(event_time, record.received)


def _event_time(upload: Upload) -> float | None:
    try:
        created = datetime.fromisoformat(upload.event_time)
    except ValueError:
        return None
    return created.timestamp() if created.tzinfo else None
