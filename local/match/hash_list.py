"""The hash list: which sources hold a hash, and how near (pure; it handles no pictures).

A hash is a 256-bit integer. Two pictures match at a Hamming distance of at most `THRESHOLD` bits. Measured on drawn
pictures: their reduced, recompressed, brightened and GIF copies are at most 20 bits away, unrelated pictures at
least 90, however turned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

THRESHOLD = 31  # bits


@dataclass(frozen=True)
class HashListEntry:
    """A listed picture: the hashes of it and of its turned and mirrored copies."""

    source: str
    match_id: str
    violations: tuple[str, ...]
    hashes: Sequence[int]


@dataclass(frozen=True)
class HashMatch:
    """The nearest listed picture of one source. `distance` is in bits, of 256."""

    source: str
    match_id: str
    violations: tuple[str, ...]
    distance: int


def look_up(entries: Iterable[HashListEntry], wanted: int) -> list[HashMatch]:
    """Return the nearest entry of each source within the threshold, the nearest source first."""
    nearest: dict[str, HashMatch] = {}
    for entry in entries:
        distance = min((wanted ^ known).bit_count() for known in entry.hashes)
        best = nearest.get(entry.source)
        if distance <= THRESHOLD and (best is None or distance < best.distance):
            nearest[entry.source] = HashMatch(entry.source, entry.match_id, entry.violations, distance)
    return sorted(nearest.values(), key=lambda found: found.distance)
