"""Which uploads have a record in the results table, and which need no service: reads of many records at once."""

from collections.abc import Iterable, Sequence

from photodna_guard.aws.result_item import DECIDED
from photodna_guard.aws.table import Table
from photodna_guard.domain.backfill_job import KnownResult
from photodna_guard.domain.models import Status, Upload

_ATTRIBUTES = ("upload", "version", "status", "unsettled", "reason", "settled_at")
# The most keys of one BatchGetItem.
MAX_KEYS = 100


class ResultLookup:
    """Reads records without claiming them. Methods raise DeferrableError or RetryableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find_without_service(self, uploads: Iterable[Upload]) -> set[tuple[str, str]]:
        """Return the record keys of the uploads whose match is moved or held, or whose tag an operator decided."""
        return {key for key, item in self._find(uploads).items() if _needs_no_service(item)}

    def find_results(self, uploads: Iterable[Upload]) -> dict[tuple[str, str], KnownResult]:
        """Return the results of the uploads that have a record, by their record keys."""
        return {
            key: KnownResult(Status(item["status"]), item.get("reason", ""), item.get("settled_at", ""))
            for key, item in self._find(uploads).items()
        }

    def find_known(self, uploads: Iterable[Upload]) -> set[tuple[str, str]]:
        """Return the record keys of the uploads that have a record."""
        return set(self._find(uploads))

    def _find(self, uploads: Iterable[Upload]) -> dict[tuple[str, str], dict[str, str]]:
        keys = sorted({upload.record_key for upload in uploads})
        found: dict[tuple[str, str], dict[str, str]] = {}
        for first in range(0, len(keys), MAX_KEYS):
            for item in self._read(keys[first : first + MAX_KEYS]):
                found[item["upload"], item["version"]] = item
        return found

    def _read(self, keys: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        wanted = [{"upload": upload, "version": version} for upload, version in keys]
        return self._table.read_many(wanted, _ATTRIBUTES)


def _needs_no_service(item: dict[str, str]) -> bool:
    return item["status"] == Status.MATCHED or item.get("unsettled") == DECIDED
