"""Times as text. Pure."""

from datetime import UTC, datetime


def to_iso(epoch_seconds: float) -> str:
    """Return a time as results, events and evidence store it: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
