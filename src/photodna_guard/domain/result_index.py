"""The attributes by which settled results are listed and counted, of the table's indexes `settled-by-*`. Pure.

Every settled result is in the partition of its status and of a part of all uploads. One partition takes a thousand
writes a second, and DynamoDB throttles the whole table where an index takes no more. Clean results have no reason, and
cost no write in the index by reason.
"""

import zlib

from photodna_guard.domain.models import Status, Upload

SHARD_COUNT = 8
# DynamoDB refuses to write an item whose sort key in an index is longer than 1,024 bytes. Bucket and key may be.
_MOST_KEY_BYTES = 1000
INDEX_ATTRIBUTES = ("settled", "settled_key", "reason_settled")


def index_attributes(upload: Upload, status: Status, reason: str | None, settled_at: str) -> dict[str, object]:
    """Return the attributes of a result that is settled now. None removes one. `settled_at`: ISO 8601, UTC."""
    return {
        "settled": partition_name(status, zlib.crc32(upload.id.encode())),
        "settled_key": sort_key(upload.id),
        "reason_settled": sort_key(f"{reason}#{settled_at}") if reason else None,
    }


def partition_name(status: Status, number: int) -> str:
    """Return the name of one of a status's partitions."""
    return f"{status.value}#{number % SHARD_COUNT}"


def sort_key(text: str) -> str:
    """Return a text, cut to what an index takes as a sort key."""
    return text.encode()[:_MOST_KEY_BYTES].decode(errors="ignore")
