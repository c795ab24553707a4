"""Counts what became of the uploads, in groups that a reader grasps at a glance (pure)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.demo.reasons import explain

if TYPE_CHECKING:
    from local.demo.checked_upload import CheckedUpload

# Whatever has none of these statuses is open, an unknown status as well.
_STATUSES = {
    "verdict": ("CLEAN", "QUARANTINED"),
    "skipped": ("SKIPPED",),
    "unscannable": ("UNSCANNABLE", "FAILED"),
    "gone": ("GONE",),
    "open": (),
}
_TITLES = {
    "verdict": "got a verdict of the service",
    "skipped": "skipped: no picture to ask about",
    "unscannable": "could not be scanned",
    "gone": "gone before the scan",
    "open": "still open",
}
# In the singular and the plural.
_VERDICT_WORDS = {"CLEAN": ("clean", "clean"), "QUARANTINED": ("match", "matches")}
_GROUP_OF_STATUS = {status: name for name, statuses in _STATUSES.items() for status in statuses}


@dataclass(frozen=True)
class ReasonCount:
    """The uploads of one status and reason, and the sentence that explains them."""

    count: int
    status: str
    reason: str
    sentence: str


@dataclass(frozen=True)
class Group:
    """The uploads that ended in the same way. `name` is also the CSS class."""

    name: str
    title: str
    # The most frequent first.
    reasons: list[ReasonCount]

    @property
    def count(self) -> int:
        """The number of uploads in the group."""
        return sum(reason.count for reason in self.reasons)

    @property
    def detail(self) -> str:
        """The counts of its verdicts or reasons, such as "54 clean, 40 matches"; "" for an empty group."""
        counts = Counter[tuple[str, str]]()
        for one in self.reasons:
            name = one.reason or one.status or "no result"
            counts[_VERDICT_WORDS.get(one.status, (name, name))] += one.count
        return ", ".join(f"{count} {words[count > 1]}" for words, count in counts.most_common())


def group_uploads(checked_uploads: Sequence["CheckedUpload"]) -> list[Group]:
    """Return all groups in a fixed order, empty ones too. Every upload is in exactly one."""
    counts = Counter((one.status, one.reason) for one in checked_uploads)
    reasons = [ReasonCount(count, *key, explain(*key)) for key, count in counts.most_common()]
    return [Group(name, title, [one for one in reasons if _name_group(one) == name]) for name, title in _TITLES.items()]


def _name_group(reason: ReasonCount) -> str:
    return _GROUP_OF_STATUS.get(reason.status, "open")
