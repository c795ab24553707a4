"""The record of a listing that goes on over many runs: an item with its cursor, in the rate limiter's table."""

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.version_listing import Cursor, ListingPass

# run A   reads revision 7 ---- lists a page ---- saves revision 8
# run B          reads revision 7 ---- lists the same page ---------- saves revision 8: refused
_UNCHANGED = "attribute_not_exists(#revision) OR #revision = :known"
_ATTRIBUTES = ("began", "previous_began", "key_marker", "version_marker", "is_complete", "revision")


class ListingJob:
    """One listing's progress. Methods raise DeferrableError or RetryableError."""

    def __init__(self, table: Table, name: str) -> None:
        self._table, self._key = table, {"limiter": f"listing-{name}"}

    def read(self) -> ListingPass:
        """Return the pass as the last run left it; a complete one before the first."""
        item = self._table.read(self._key)
        if not item:
            return ListingPass()
        return ListingPass(
            float(item["began"]),
            float(item["previous_began"]),
            Cursor(item["key_marker"], item["version_marker"]),
            item["is_complete"],
            int(item["revision"]),
        )

    def save(self, listing: ListingPass) -> bool:
        """Save the pass after a page. Return False where another run has listed that page."""
        values: dict[str, object] = {
            ":began": int(listing.began),
            ":previous_began": int(listing.previous_began),
            ":key_marker": listing.cursor.key,
            ":version_marker": listing.cursor.version,
            ":is_complete": listing.is_complete,
            ":revision": listing.revision,
            ":known": listing.revision - 1,
        }
        changes = ", ".join(f"#{name} = :{name}" for name in _ATTRIBUTES)
        try:
            self._table.update(
                self._key, f"SET {changes}", _UNCHANGED, values, {f"#{name}": name for name in _ATTRIBUTES}
            )
        except ConditionFailedError:
            return False
        return True
