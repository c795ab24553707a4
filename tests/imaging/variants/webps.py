"""Variants as WebP and AVIF: still, animated, with alpha, with an orientation."""

from functools import partial

from PIL import Image

from local.pictures import encode
from tests.imaging.variants.orientations import stored_for
from tests.imaging.variants.variant import Subject, Variant, filler

WEBP, AVIF = "image/webp", "image/avif"
_ORIENTATION = 0x0112


def _still(subject: Subject, form: str, mode: str = "RGB", **options: object) -> bytes:
    return encode(subject.image.convert(mode), form, **options)


def _turned(subject: Subject, form: str, orientation: int) -> bytes:
    """Store it turned, and say so in the EXIF; Pillow writes an AVIF's orientation as its irot and imir."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return encode(stored_for(subject.image, orientation), form, exif=exif)


def _animated(subject: Subject, form: str, at: int, **options: object) -> bytes:
    frames = [filler(number) for number in range(4)]
    frames[at] = subject.small
    return encode(frames[0], form, save_all=True, append_images=frames[1:], duration=200, **options)


def _seen_on_black(subject: Subject, form: str, **options: object) -> bytes:
    white = Image.new("RGBA", subject.image.size, "white")
    white.putalpha(subject.image.convert("L"))
    return encode(white, form, **options)


VARIANTS = (
    Variant("webp, lossy", WEBP, partial(_still, form="WEBP", quality=80)),
    Variant("webp, lossless", WEBP, partial(_still, form="WEBP", lossless=True)),
    Variant("webp, alpha", WEBP, partial(_still, form="WEBP", mode="RGBA")),
    Variant("webp, seen on black alone", WEBP, partial(_seen_on_black, form="WEBP", lossless=True)),
    Variant("webp, orientation 6", WEBP, partial(_turned, form="WEBP", orientation=6)),
    Variant("webp, first frame", WEBP, partial(_animated, form="WEBP", at=0)),
    Variant("webp, last frame", WEBP, partial(_animated, form="WEBP", at=-1)),
    Variant("avif", AVIF, partial(_still, form="AVIF", speed=9)),
    Variant("avif, 4:4:4", AVIF, partial(_still, form="AVIF", speed=9, subsampling="4:4:4")),
    Variant("avif, seen on black alone", AVIF, partial(_seen_on_black, form="AVIF", speed=9)),
    Variant("avif, turned by 90 degrees", AVIF, partial(_turned, form="AVIF", orientation=6)),
    Variant("avif, mirrored", AVIF, partial(_turned, form="AVIF", orientation=2)),
    Variant("avif sequence, first frame", AVIF, partial(_animated, form="AVIF", at=0, speed=9)),
    Variant("avif sequence, last frame", AVIF, partial(_animated, form="AVIF", at=-1, speed=9)),
)
