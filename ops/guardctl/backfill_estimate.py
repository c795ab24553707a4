"""What a backfill will take: versions, days and dollars, from a bounded listing of the bucket."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from ops.costs import PRICE, Traffic, monthly_costs
from ops.formatting import format_duration
from ops.guardctl.target import Target

# Ten seconds of listing at most. Beyond it the estimate says "more than".
MAX_PAGES = 50
_VERSIONS_OF_A_PAGE = 1000
_VERSIONS_OF_A_LOOKUP = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    """The versions that were counted, and whether they are all."""

    versions: int
    is_whole: bool
    rate: float

    @property
    def seconds(self) -> float:
        """The time at the full rate, if each version is a picture that is asked about once."""
        return self.versions / self.rate

    @property
    def dollars(self) -> float:
        """What AWS bills for it at list prices, without the service's own price."""
        return estimate_dollars(self.versions)

    def describe(self) -> str:
        """Return one line for a person."""
        more, most = ("", "at most ") if self.is_whole else ("more than ", "for these ")
        return (
            f"{more}{self.versions:,} versions: {most}{format_duration(self.seconds)} at {self.rate:g} requests a "
            f"second without other uploads, and ${self.dollars:,.2f} for AWS if none has a result"
            + ("" if self.is_whole else " (each further million: a day and four hours at 10 a second)")
        )


def estimate(target: Target, bucket: str, prefix: str, current_only: bool, pages: int = MAX_PAGES) -> Estimate:
    """Count the versions of a bucket, up to `pages` thousand. Raises botocore's errors."""
    listed: Any = target.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    versions, is_whole = 0, True
    for page in islice(listed, pages):
        found = page.get("Versions", [])
        versions += sum(one["IsLatest"] for one in found) if current_only else len(found)
        is_whole = not page["IsTruncated"]
    return Estimate(versions, is_whole, target.stack.rate)


def estimate_dollars(versions: int) -> float:
    """Return what AWS bills for listing, looking up, sending and checking so many pictures without a result."""
    checked = monthly_costs(Traffic(versions, waiting=1), rendition=False)["in all"]
    fixed = monthly_costs(Traffic(0, waiting=1), rendition=False)["in all"]
    # A run's last page is listed again by the next one; a run sends 600 at 10 a second.
    listing = versions / _VERSIONS_OF_A_PAGE * 2 * PRICE["s3_put"]
    lookups = versions * PRICE["read_unit"] / 2
    steps = versions / _VERSIONS_OF_A_LOOKUP * (PRICE["write_unit"] + PRICE["read_unit"] + PRICE["sqs_request"])
    return checked - fixed + listing + lookups + steps
