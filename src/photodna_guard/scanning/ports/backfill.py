"""Ports of the feeder: the jobs, the versions of a bucket, and the results of many uploads."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from photodna_guard.domain.backfill_job import BackfillJob, BackfillProgress, KnownResult
from photodna_guard.domain.models import Upload
from photodna_guard.scanning.ports.listing import VersionListing


class BackfillJobs(Protocol):
    """The jobs that operators have started."""

    def find_running(self) -> list[tuple[BackfillJob, BackfillProgress]]:
        """Return the jobs that run and are not complete, with their progress."""
        ...

    def save(self, job: BackfillJob, progress: BackfillProgress) -> bool:
        """Save the progress after a step. Return False where another feeder took that step."""
        ...


class VersionsOf(Protocol):
    """The versions of any bucket."""

    def __call__(self, bucket: str, prefix: str, /) -> VersionListing:
        """Return the listing of the keys that begin with the prefix."""
        ...


class ResultsOf(Protocol):
    """The results of many uploads."""

    def __call__(self, uploads: Iterable[Upload]) -> Mapping[tuple[str, str], KnownResult]:
        """Return the results that there are, by the uploads' record keys."""
        ...
