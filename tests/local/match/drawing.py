"""Draws and encodes the pictures of the emulator's tests."""

import random
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def draw(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Draw a coarse random field, smoothly enlarged, under a few shapes, so that a hash finds much structure."""
    chance = random.Random(seed)
    field = Image.frombytes("RGB", (6, 5), chance.randbytes(6 * 5 * 3))
    image = field.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        reach = chance.randrange(min(size) // 10, min(size) // 3)
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=tuple(chance.randbytes(3)))
    return image


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
