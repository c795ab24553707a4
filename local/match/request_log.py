"""What arrived, for tests to read: neither a query, which may hold a signature, nor a key."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class LoggedRequest:
    """One Match request in the order of arrival; what is not known yet, or never will be, is None.

    `arrived_at` is seconds since 1970, `arrived_monotonic` seconds of this machine's monotonic clock, both at
    the moment the headers had been read. `http_status` stays None until the answer is made, or where none is.
    `object` is the decoded `bucket/key`; `failure` the kind of the one that was injected.
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
        return asdict(self)
