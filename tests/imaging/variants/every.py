"""All variants."""

from tests.imaging.variants import gifs, heifs, jpegs, orientations, pngs, stills, webps, wrapped

VARIANTS = (
    *jpegs.VARIANTS,
    *orientations.VARIANTS,
    *pngs.VARIANTS,
    *gifs.VARIANTS,
    *webps.VARIANTS,
    *heifs.VARIANTS,
    *stills.VARIANTS,
    *wrapped.VARIANTS,
)
