"""All variants."""

from tests.imaging.variants import (
    bitmaps,
    gifs,
    heifs,
    jpegs,
    orientations,
    pngs,
    profiles,
    stills,
    tiffs,
    webps,
    wrapped,
)

VARIANTS = (
    *jpegs.VARIANTS,
    *orientations.VARIANTS,
    *pngs.VARIANTS,
    *gifs.VARIANTS,
    *webps.VARIANTS,
    *heifs.VARIANTS,
    *stills.VARIANTS,
    *bitmaps.VARIANTS,
    *tiffs.VARIANTS,
    *profiles.VARIANTS,
    *wrapped.VARIANTS,
)
