"""The log of the requests, for tests. It holds no query, which may hold a signature, and no key."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class LoggedRequest:
    """One Match request. A value that is not known, or not known yet, is None.

    `arrived_at` is seconds since 1970, `arrived_monotonic` seconds of this machine's monotonic clock; both are read
    as soon as the headers are. `http_status` is None until there is a reply. `object` is the decoded `bucket/key`;
    `failure` is the kind of the injected failure.
    """

    arrived_at: float
    arrived_monotonic: float
    by: str | None = None
    object: str | None = None
    version_id: str | None = None
    enhance: bool = False
    evaluation: str | None = None
    failure: str | None = None
    http_status: int | None = None
    status_code: int | None = None
    is_match: bool | None = None
    tracking_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        return asdict(self)
