"""The releases in the operations table, as the scanners read them."""

from photodna_guard.aws.table import Table
from photodna_guard.domain.releases import Release, parse_release, partition_of


class ReleaseList:
    """The releases. Methods raise DeferrableError or RetryableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, size: int) -> list[Release]:
        """Return the releases in force of objects of this size in bytes, by a consistent read.

        A release is confirmed before its object is put back, and so no scan of that object misses it.
        """
        items = self._table.query_partition("partition", partition_of(size))
        return [release for item in items if (release := parse_release(item))]
