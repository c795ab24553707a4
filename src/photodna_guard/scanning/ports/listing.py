"""Ports of the reconciliation: a listing that goes on over many runs."""

from typing import Protocol

from photodna_guard.domain.version_listing import Cursor, ListingPage, ListingPass


class VersionListing(Protocol):
    """The versions of a bucket."""

    def read_page(self, cursor: Cursor) -> ListingPage:
        """Return the versions behind the cursor."""
        ...


class ListingJob(Protocol):
    """The progress of the listing."""

    def read(self) -> ListingPass:
        """Return the pass as the last run left it."""
        ...

    def save(self, listing: ListingPass) -> bool:
        """Save the pass after a page. Return False where another run has listed that page."""
        ...
