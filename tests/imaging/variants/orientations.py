"""Variants whose pixels are stored turned or mirrored, with the EXIF orientation that says so."""

from functools import partial

from PIL import Image

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant

_ORIENTATION = 0x0112
# What undoes each orientation.
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored_for(image: Image.Image, orientation: int) -> Image.Image:
    """Return the image as it is stored, so that a viewer that applies the orientation shows it upright."""
    return image.transpose(_STORED[orientation]) if orientation in _STORED else image


def _turned(subject: Subject, form: str, orientation: int, **options: object) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return encode(stored_for(subject.image, orientation), form, exif=exif, **options)


VARIANTS = (
    *(
        Variant(f"jpeg, orientation {number}", "image/jpeg", partial(_turned, form="JPEG", orientation=number))
        for number in range(1, 9)
    ),
    Variant("png, orientation 6", "image/png", partial(_turned, form="PNG", orientation=6)),
    Variant("tiff, orientation 3", "image/tiff", partial(_turned, form="TIFF", orientation=3)),
    Variant("tiff, orientation 8", "image/tiff", partial(_turned, form="TIFF", orientation=8)),
)
