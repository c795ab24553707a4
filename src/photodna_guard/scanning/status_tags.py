"""The value of the tag scan-status of a settled upload. Pure."""

from collections.abc import Mapping

from photodna_guard.domain.models import ScanRecord, Status
from photodna_guard.domain.scan_scope import RuleKind

STATUS_TAG_VALUES: Mapping[Status, str] = {
    Status.CLEAN: "clean",
    Status.SKIPPED: "skipped",
    Status.UNSCANNABLE: "unscannable",
}
# A match that two people released is CLEAN for this reason, and its tag says so.
RELEASED = "released"
# Skipped uploads that may show pictures nobody looked at have the reason as their tag, with which nobody reads them
# unless the operator permits it.
UNSEEN_SKIPPED_REASONS = (
    *("document", "video", "audio", "archive"),
    RuleKind.LEAVE_OUT.value,
    RuleKind.TRUST.value,
)
# What a person decided about one version, whatever its status would be tagged with.
ALLOWED, DENIED = "allowed", "denied"
_DENIABLE_STATUSES = (*STATUS_TAG_VALUES, Status.FAILED)


def choose_status_tag(record: ScanRecord) -> str | None:
    """Return the tag's value; None where the upload has none."""
    if record.status is Status.CLEAN and record.reason == RELEASED:
        return RELEASED
    is_unseen = record.status is Status.SKIPPED and record.reason in UNSEEN_SKIPPED_REASONS
    value = record.reason if is_unseen else STATUS_TAG_VALUES.get(record.status)
    if record.decision is None:
        return value
    if not record.decision.is_allowed:
        return DENIED if record.status in _DENIABLE_STATUSES else None
    # What was checked, and found to be clean, keeps saying so.
    return ALLOWED if is_unseen or record.status is Status.UNSCANNABLE else value
