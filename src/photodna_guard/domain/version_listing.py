"""A listing of a bucket's versions that goes on over many runs: its pages, its cursor, its passes. Pure."""

from dataclasses import dataclass, replace

from photodna_guard.domain.models import Upload


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last version that a page listed. S3 lists by key, and a key's newest version first. Empty: the beginning."""

    key: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version as a listing names it, and when S3 says that it was last modified (epoch seconds)."""

    upload: Upload
    modified: float
    # The key's current version.
    is_latest: bool = True

    @property
    def is_multipart(self) -> bool:
        """Whether it was uploaded in parts. Then `modified` is when its upload began, which may be days earlier."""
        return "-" in self.upload.etag


@dataclass(frozen=True, slots=True)
class ListingPage:
    """Up to a thousand versions, and where the next page begins; None at the end of the bucket."""

    versions: tuple[ListedVersion, ...]
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class ListingPass:
    """One pass over the bucket, from its first key to its last, and how far it has come."""

    began: float = 0.0  # epoch seconds
    # When the pass before it began; 0 before the first.
    previous_began: float = 0.0
    cursor: Cursor = Cursor()
    is_complete: bool = True
    # Counts the pages. Two runs cannot both move the cursor.
    revision: int = 0

    def begin_next(self, now: float) -> "ListingPass":
        """Return the next pass, at its beginning."""
        return replace(self, began=now, previous_began=self.began, cursor=Cursor(), is_complete=False)

    def after(self, page: ListingPage) -> "ListingPass":
        """Return the pass after a page."""
        is_complete = page.following is None
        return replace(self, cursor=page.following or Cursor(), is_complete=is_complete, revision=self.revision + 1)
