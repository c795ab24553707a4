"""ImageHash's pHash of a picture, an open perceptual hash. It has nothing to do with PhotoDNA's."""

from dataclasses import dataclass
from typing import TypeAlias

import imagehash
import numpy as np
from PIL import Image

Grey: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

HASH_SIDE = 16  # bits: the lowest 16 x 16 coefficients of the picture's cosine transform, above their median or not
SAMPLED_SIDE = 64  # what pHash itself reduces a picture to for that many bits
# In grey levels. Measured on drawn pictures faded step by step: at 2.0 a copy is still within 28 bits of its
# original, at 1.0 no longer. Drawn pictures have 20 and more, film grain on a plain surface 0.5 to 2.
MIN_STRUCTURE = 2.0


@dataclass(frozen=True)
class Fingerprint:
    """`hashes`: eight 256-bit integers, of the picture as it is first, then turned and mirrored.

    `structure`, in grey levels: see `structure`.
    """

    hashes: tuple[int, ...]
    structure: float

    @property
    def is_usable(self) -> bool:
        """Whether the hash says enough about the picture to be listed or looked up."""
        return self.structure >= MIN_STRUCTURE


def fingerprint(image: Image.Image) -> Fingerprint:
    """Hashes a picture. What costs is to reduce it, which is done once for all eight orientations."""
    reduced = image.convert("L").resize((SAMPLED_SIDE, SAMPLED_SIDE), Image.Resampling.LANCZOS)
    orientations = [reduced, *(reduced.transpose(turn) for turn in Image.Transpose)]
    return Fingerprint(tuple(_hash(one) for one in orientations), structure(np.asarray(reduced, float)))


def structure(grey: Grey) -> float:
    """The standard deviation of what is left once the means of each row and each column are taken away.

    Only that feeds the coefficients outside of the transform's first row and column, 225 of 256. A flat picture,
    an even gradient or stripes have nothing of it: those bits are then noise, or alike for all such pictures.
    """
    rows, columns = grey.mean(axis=1, keepdims=True), grey.mean(axis=0, keepdims=True)
    return float((grey - rows - columns + grey.mean()).std())


def preload_modules() -> None:
    """Has pHash import what it imports at its first call (SciPy's transforms, half a second)."""
    _hash(Image.new("L", (SAMPLED_SIDE, SAMPLED_SIDE)))


def _hash(reduced: Image.Image) -> int:
    bits = imagehash.phash(reduced, hash_size=HASH_SIDE).hash
    return int.from_bytes(np.packbits(bits).tobytes())
