"""Draws the test pictures: photo-like, the same on every run, and clearly different for each seed."""

import colorsys
import io
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

# The distance between the darkest and the brightest grain.
_GRAIN = 24  # grey levels
_Colour = tuple[int, int, int]


def draw(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Draw an RGB picture of `size` (width, height) in pixels. The same seed and size give the same picture.

    It has light and shade, blurred shapes and film grain like a photograph. Pictures of different seeds are far
    apart for a perceptual hash; tests/local/demo checks the distance.
    """
    rng = random.Random(seed)
    picture = _light(rng, size)
    _shapes(rng, picture)
    blurred = picture.filter(ImageFilter.GaussianBlur(max(size) / 160))
    return _grain(rng, blurred)


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    """Encode the picture in Pillow's `format` ("JPEG", "PNG", ...), with the format's own options."""
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def _light(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Blend a few random tones smoothly over the whole picture."""
    hue, across, down = rng.random(), 6, 5
    cells = [_tone(rng, hue) for _ in range(across * down)]
    small = Image.frombytes("RGB", (across, down), bytes(value for cell in cells for value in cell))
    return small.resize(size, Image.Resampling.BICUBIC)


def _tone(rng: random.Random, hue: float) -> _Colour:
    red, green, blue = colorsys.hsv_to_rgb(
        (hue + rng.uniform(-0.12, 0.12)) % 1, rng.uniform(0.2, 0.7), rng.uniform(0.1, 0.95)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def _shapes(rng: random.Random, picture: Image.Image) -> None:
    brush, (width, height), hue = ImageDraw.Draw(picture), picture.size, rng.random()
    for _ in range(rng.randint(6, 10)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        across, down = width * rng.uniform(0.05, 0.2), height * rng.uniform(0.05, 0.2)
        if rng.random() < 0.5:
            brush.ellipse((x - across, y - down, x + across, y + down), fill=_tone(rng, hue))
        else:
            corners = [(x - across, y + down), (x, y - down), (x + across, y + rng.uniform(0, down))]
            brush.polygon(corners, fill=_tone(rng, hue))


def _grain(rng: random.Random, picture: Image.Image) -> Image.Image:
    width, height = picture.size
    grey = Image.frombytes("L", picture.size, rng.randbytes(width * height))
    grain = grey.point([value * _GRAIN // 256 for value in range(256)]).convert("RGB")
    return ImageChops.add(picture, grain, offset=-_GRAIN // 2)
