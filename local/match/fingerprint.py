"""The pHash of a picture by ImageHash, an open perceptual hash. PhotoDNA's hash is another one."""

from dataclasses import dataclass
from typing import TypeAlias

import imagehash
import numpy as np
from PIL import Image

Grey: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

# Each of the lowest 16 x 16 coefficients of the picture's cosine transform gives one bit: above the median or not.
HASH_SIDE = 16  # bits
# pHash itself reduces a picture to this size for that many bits.
SAMPLED_SIDE = 64  # pixels
# Measured on drawn pictures that were faded step by step: at 2.0 a copy is still within 28 bits of its original, at
# 1.0 no longer. Drawn pictures have 20 and more, film grain on a plain surface 0.5 to 2.
MIN_STRUCTURE = 2.0  # grey levels


@dataclass(frozen=True)
class Fingerprint:
    """The hashes of a picture: eight 256-bit integers, the first of the picture as it is, then turned and mirrored.

    `structure` is in grey levels; the function of that name measures it.
    """

    hashes: tuple[int, ...]
    structure: float

    @property
    def is_usable(self) -> bool:
        """Tell whether the picture has enough structure for its hash to be listed or looked up."""
        return self.structure >= MIN_STRUCTURE


def fingerprint(image: Image.Image) -> Fingerprint:
    """Hash a picture. It is reduced, which takes most of the time, once for all eight orientations."""
    reduced = image.convert("L").resize((SAMPLED_SIDE, SAMPLED_SIDE), Image.Resampling.LANCZOS)
    orientations = [reduced, *(reduced.transpose(turn) for turn in Image.Transpose)]
    return Fingerprint(tuple(_hash(one) for one in orientations), structure(np.asarray(reduced, float)))


def structure(grey: Grey) -> float:
    """Return the standard deviation of the remainder after the means of each row and each column are subtracted.

    Only this remainder feeds the coefficients outside the transform's first row and column, 225 of 256. In a flat
    picture, an even gradient or stripes it is 0: those bits are then noise, or equal for all such pictures.
    """
    rows, columns = grey.mean(axis=1, keepdims=True), grey.mean(axis=0, keepdims=True)
    return float((grey - rows - columns + grey.mean()).std())


def preload_modules() -> None:
    """Import the modules that pHash imports at its first call: SciPy's transforms, which takes half a second."""
    _hash(Image.new("L", (SAMPLED_SIDE, SAMPLED_SIDE)))


def _hash(reduced: Image.Image) -> int:
    bits = imagehash.phash(reduced, hash_size=HASH_SIDE).hash
    return int.from_bytes(np.packbits(bits).tobytes())
