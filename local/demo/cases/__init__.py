"""The demo's own set: every kind of upload the guard must handle, each with the verdict it must get."""

from local.demo.cases import clean, histories, matches, not_pictures, odd_keys, unscannable
from local.demo.picture import PictureSet


def draw_picture_set() -> PictureSet:
    """Draws the set. The same on every machine, but for the bytes an encoder's version decides."""
    groups = (clean, matches, unscannable, not_pictures, odd_keys, histories)
    return PictureSet(
        pictures=[picture for group in groups for picture in group.pictures()],
        listed=matches.listed(),
    )
