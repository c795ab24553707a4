"""The releases in the operations table, as the scanners read them."""

from photodna_guard.aws.table import Table
from photodna_guard.domain.releases import (
    Release,
    confirmation_partition,
    join_release,
    parse_release,
    request_partition,
)


class ReleaseList:
    """The releases. Methods raise DeferrableError or RetryableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, size: int) -> list[Release]:
        """Return the releases in force of objects of this size in bytes, by consistent reads.

        A release is confirmed before its object is put back, and so no scan of that object misses it. Requests are
        read only where there is a confirmation, and after it: a request that is withdrawn by then counts as withdrawn.
        """
        confirmations = list(self._table.query_partition("partition", confirmation_partition(size)))
        if not confirmations:
            return []
        requests = {item["id"]: item for item in self._table.query_partition("partition", request_partition(size))}
        joined = (join_release(requests.get(item["id"], {}), item) for item in confirmations)
        return [release for item in joined if (release := parse_release(item))]
