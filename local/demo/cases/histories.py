"""Keys with a history: overwritten, hidden or deleted keys, and two keys with the same content."""

from dataclasses import replace

from local.demo.cases.matches import listed_jpeg, matching
from local.demo.picture import CLEAN, JPEG, Picture
from local.pictures import draw, encode


def pictures() -> list[Picture]:
    """Return the versions of keys that are overwritten, hidden or deleted, and of keys with the same content."""
    return [*_overwritten(), *_deleted(), *_duplicates()]


def _clean(key: str, kind: str, seed: int) -> Picture:
    return Picture(key, f"history: {kind}", CLEAN, encode(draw(seed), "JPEG"), drawn=True)


def _overwritten() -> list[Picture]:
    return [
        matching("history/avatar.jpg", "overwritten at once", listed_jpeg(), JPEG),
        _clean("history/avatar.jpg", "clean, over a match", 60),
        _clean("history/banner.jpg", "clean, under a match", 61),
        matching("history/banner.jpg", "over a clean version", listed_jpeg(), JPEG),
    ]


def _deleted() -> list[Picture]:
    # Both statuses are right: the deletion may come before or after the scan.
    gone = replace(_clean("history/gone.jpg", "deleted at once", 62), expected=frozenset({"CLEAN", "GONE"}))
    hidden = _clean("history/hidden.jpg", "hidden by a delete marker", 63)
    # A reader who knows the version reads it in spite of a delete marker, so the match has to be moved.
    match = matching("history/hidden-match.jpg", "hidden by a delete marker", listed_jpeg(), JPEG)
    return [
        replace(gone, afterwards="delete"),
        replace(hidden, afterwards="hide"),
        replace(match, afterwards="hide"),
    ]


def _duplicates() -> list[Picture]:
    return [
        _clean("history/twin-1.jpg", "the same picture on two keys", 64),
        _clean("history/twin-2.jpg", "the same picture on two keys", 64),
        matching("history/match-twin-1.jpg", "the same picture on two keys", listed_jpeg(), JPEG),
        matching("history/match-twin-2.jpg", "the same picture on two keys", listed_jpeg(), JPEG),
    ]
