"""Variants as GIF: the listed picture in any frame, in parts, and off the first frame's place."""

import struct
from collections.abc import Sequence
from functools import partial

from PIL import Image

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant, filler

GIF = "image/gif"
_QUARTERS = ((0, 0, 160, 120), (160, 0, 320, 120), (0, 120, 160, 240), (160, 120, 320, 240))
_KEEP, _TO_BACKGROUND, _TO_PREVIOUS = 1, 2, 3


def _animated(subject: Subject, at: int, count: int = 5) -> bytes:
    """Animate `count` frames, of which the one at `at` shows the picture."""
    frames = [filler(number % 5) for number in range(count)]
    # Equal neighbours would become one frame.
    frames[at % count] = subject.small
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)


def _blocks(image: Image.Image) -> tuple[bytes, bytes]:
    """Return an image's palette and its coded pixels, as they stand in a GIF of one frame."""
    content = encode(image.quantize(256, dither=Image.Dither.NONE), "GIF", interlace=0)
    # The palette stands behind a header of 13 bytes; the image descriptor has 10.
    entries = 2 << (content[10] & 7)
    palette = content[13 : 13 + 3 * entries]
    at = content.index(b",", 13 + 3 * entries)
    return palette, content[at + 10 : -1]


def _frame(image: Image.Image, left: int = 0, top: int = 0, disposal: int = _KEEP, interlaced: bool = False) -> bytes:
    palette, pixels = _blocks(image)
    flags = 0x80 | (len(palette) // 3).bit_length() - 2 | (0x40 if interlaced else 0)
    control = b"!\xf9\x04" + struct.pack("<BHBB", disposal << 2, 10, 0, 0)
    return control + b"," + struct.pack("<HHHHB", left, top, *image.size, flags) + palette + pixels


def _write(size: tuple[int, int], frames: Sequence[bytes]) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x70, 0, 0) + b"".join(frames) + b";"


def _partial_frames(subject: Subject) -> bytes:
    """Add a quarter with each frame: only the last one completes the picture."""
    quarters = [_frame(subject.small.crop(box), box[0], box[1]) for box in _QUARTERS]
    return _write((320, 240), quarters)


def _over_another(subject: Subject) -> bytes:
    """Show another picture, and replace it quarter by quarter."""
    return _write((320, 240), [_frame(filler(0)), *(_frame(subject.small.crop(b), b[0], b[1]) for b in _QUARTERS)])


def _restored(subject: Subject, disposal: int) -> bytes:
    """Show the picture, then a small frame over it, which is taken away before the last, equally small one."""
    first = _frame(subject.small, disposal=_KEEP)
    spot = filler(1).resize((16, 16))
    frames = [_frame(filler(0)), first, _frame(spot, 8, 8, disposal), _frame(spot, 290, 210, disposal)]
    return _write((320, 240), frames)


def _interlaced(subject: Subject) -> bytes:
    rows = [*range(0, 240, 8), *range(4, 240, 8), *range(2, 240, 4), *range(1, 240, 2)]
    stored = Image.new("RGB", (320, 240))
    for place, row in enumerate(rows):
        stored.paste(subject.small.crop((0, row, 320, row + 1)), (0, place))
    return _write((320, 240), [_frame(stored, interlaced=True)])


def _beyond_the_screen(subject: Subject) -> bytes:
    """Declare a screen of one pixel: viewers enlarge it to the frame."""
    return _write((1, 1), [_frame(subject.small)])


VARIANTS = (
    Variant("gif", GIF, lambda subject: encode(subject.image, "GIF")),
    Variant("gif, interlaced", GIF, _interlaced),
    Variant("gif, first of 5 frames", GIF, partial(_animated, at=0)),
    Variant("gif, third of 5 frames", GIF, partial(_animated, at=2)),
    Variant("gif, last of 5 frames", GIF, partial(_animated, at=-1)),
    Variant("gif, last of 40 frames", GIF, partial(_animated, at=-1, count=40)),
    Variant("gif, completed by its last frame", GIF, _partial_frames),
    Variant("gif, over another picture", GIF, _over_another),
    Variant("gif, disposal to background", GIF, partial(_restored, disposal=_TO_BACKGROUND)),
    Variant("gif, disposal to previous", GIF, partial(_restored, disposal=_TO_PREVIOUS)),
    Variant("gif, frame beyond its screen", GIF, _beyond_the_screen),
)
