"""Draws the demo's pictures: every kind of upload that the application handles, with its expected status."""

from local.demo.cases import clean, disguises, histories, matches, not_pictures, odd_keys, renditions, unscannable
from local.demo.picture import PictureSet


def draw_picture_set() -> PictureSet:
    """Draw the pictures. They are the same on every machine, apart from differences between encoder versions."""
    groups = (clean, matches, renditions, disguises, unscannable, not_pictures, odd_keys, histories)
    return PictureSet(
        pictures=[picture for group in groups for picture in group.pictures()],
        listed=[*matches.listed(), *renditions.listed()],
    )
