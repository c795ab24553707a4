"""Which uploads an operator left unscanned: prefixes to leave out or to keep to, and writers that are trusted. Pure.

Its rules are items in the operations table: guardctl writes them, and the scanners read them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from photodna_guard.domain.models import Upload

PARTITION = "scope"
# What a rule says, after its kind, is the bucket with a prefix of keys, or the unique id of a role or user.
_PREFIX = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", re.DOTALL)
_WRITER = re.compile(r"A(?:RO|ID)A[A-Z0-9]{8,124}")


class RuleKind(StrEnum):
    """What a rule does with the uploads that it names. The value is the reason of their result, except of ONLY."""

    LEAVE_OUT = "prefix-left-out"
    # In a bucket that has such rules everything else is left out.
    ONLY = "only"
    TRUST = "trusted-writer"


@dataclass(frozen=True, slots=True)
class ScanScope:
    """The rules in force. Without any everything is scanned."""

    left_out: tuple[tuple[str, str], ...] = ()
    only: tuple[tuple[str, str], ...] = ()
    trusted: frozenset[str] = frozenset()

    def find_reason_to_skip(self, upload: Upload) -> str:
        """Return why an upload is not scanned; empty where it is. Of the prefixes that fit the longest decides."""
        if _writer_of(upload) in self.trusted:
            return RuleKind.TRUST.value
        kept = _longest(self.only, upload)
        left_out = _longest(self.left_out, upload)
        is_limited = any(bucket == upload.bucket for bucket, _ in self.only)
        if left_out > kept or (is_limited and kept < 0):
            return RuleKind.LEAVE_OUT.value
        return ""


EVERYTHING = ScanScope()


def parse_scope(items: Iterable[Mapping[str, Any]]) -> ScanScope:
    """Return the scope of these rules. With one that cannot be read it is EVERYTHING: it may be a limit."""
    prefixes: dict[RuleKind, list[tuple[str, str]]] = {RuleKind.LEAVE_OUT: [], RuleKind.ONLY: []}
    trusted: set[str] = set()
    for item in items:
        if item.get("removed"):
            continue
        try:
            kind, subject = RuleKind(str(item["kind"])), str(item["subject"])
            if kind is RuleKind.TRUST:
                trusted.add(check_writer(subject))
            else:
                prefixes[kind].append(split_prefix(subject))
        except (KeyError, ValueError):
            return EVERYTHING
    return ScanScope(tuple(prefixes[RuleKind.LEAVE_OUT]), tuple(prefixes[RuleKind.ONLY]), frozenset(trusted))


def split_prefix(uri: str) -> tuple[str, str]:
    """Return bucket and prefix of s3://bucket/prefix, of which the prefix is taken as it is. Raises ValueError."""
    found = _PREFIX.fullmatch(uri)
    if not found:
        raise ValueError(f"{uri} is not of the form s3://bucket/prefix")
    return found[1], found[2]


def check_writer(unique_id: str) -> str:
    """Return the unique id of an IAM role (AROA...) or user (AIDA...). Raises ValueError."""
    if not _WRITER.fullmatch(unique_id):
        raise ValueError(f"{unique_id} is no unique id of an IAM role (AROA...) or user (AIDA...)")
    return unique_id


def _writer_of(upload: Upload) -> str:
    """Return the unique id in the principal of an S3 notification: "AWS:AROA...:session" of a role, "AWS:AIDA..."."""
    return upload.principal.removeprefix("AWS:").partition(":")[0] or "nobody"


def _longest(prefixes: Iterable[tuple[str, str]], upload: Upload) -> int:
    """Return the length of the longest prefix that fits; -1 where none does."""
    fitting = [len(text) for bucket, text in prefixes if bucket == upload.bucket and upload.key.startswith(text)]
    return max(fitting, default=-1)
