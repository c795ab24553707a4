"""From a reduced frame to the pictures that viewers show of it: on white, on black, with its gamma."""

import io
from collections.abc import Iterator

from PIL import Image, ImageChops, ImageStat

from photodna_guard.imaging.decoding.frames import Frame
from photodna_guard.imaging.decoding.sizes import choose_enlarged_size

JPEG_QUALITY = 90
# The size at which pictures are compared, and the mean difference, in grey levels, up to which they are the same.
_COMPARED_SIZE = (48, 48)
_SAME_DIFFERENCE = 1.5
# A gAMA near this is what viewers take pictures to have without one.
_USUAL_GAMMA = 1 / 2.2


def iter_views(frame: Frame) -> Iterator[Image.Image]:
    """Yield the frame's pictures, RGB: what most viewers show first."""
    image = frame.image
    if image.mode in ("RGBA", "LA"):
        plain = [_flatten(image, background) for background in ("white", "black")]
    else:
        plain = [image.convert("RGB")]
    yield from plain
    if frame.gamma and abs(frame.gamma / _USUAL_GAMMA - 1) > 0.1:
        exponent = _USUAL_GAMMA / frame.gamma
        table = [round(255 * (value / 255) ** exponent) for value in range(256)] * 3
        yield from (picture.point(table) for picture in plain)


def is_same(one: Image.Image, other: Image.Image) -> bool:
    """Return whether two pictures show the same, as far as a robust hash can tell."""
    if abs(one.width * other.height - one.height * other.width) > max(one.width * other.height, 1) // 50:
        return False
    small = [picture.resize(_COMPARED_SIZE, Image.Resampling.BOX) for picture in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*small)).mean) <= _SAME_DIFFERENCE


def encode(picture: Image.Image, own: tuple[int, int], enlarge_from: int) -> bytes:
    """Return the rendition of a picture: a JPEG of a size that the service takes. `own`: the frame's own size.

    Raises UnscannableError for a picture that is too small to be enlarged.
    """
    size = choose_enlarged_size(picture.size, own, enlarge_from)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _flatten(image: Image.Image, background: str) -> Image.Image:
    under = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(under, image.convert("RGBA")).convert("RGB")
